#include "pct.h"

#include "random_walk.h"

namespace reveille::explore {

uint32_t Pct::GuessLength() {
  if (random_.OneIn(2)) return last_length_;
  uint32_t length = 4;
  while (length < longest_ && !random_.OneIn(4)) length *= 2;
  return length < longest_ ? length : longest_;
}

bool Pct::Begin(uint64_t key) {
  random_ = Random(key);
  priorities_.Reset(&random_);
  points_ = 0;
  const uint32_t length = GuessLength();
  for (int i = 0; i + 1 < depth_; ++i) {
    change_at_[i] = 1 + random_.Below(length);
  }
  return true;
}

uint32_t Pct::Choose(const ChoicePoint& at) {
  if (at.tag != Tag::kThread) return ChooseOther(at, &random_);
  ++points_;
  for (int i = 0; i + 1 < depth_; ++i) {
    if (change_at_[i] != points_) continue;
    priorities_.Lower(priorities_.HighestThread(at.threads, at.pending), i + 1);
  }
  return priorities_.Highest(at);
}

void Pct::End(const ExecutionSummary&) {
  last_length_ = points_ < 4 ? 4 : points_;
  if (last_length_ > longest_) longest_ = last_length_;
}

}  // namespace reveille::explore

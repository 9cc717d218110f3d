#include "few_preemptions.h"

#include "random_walk.h"

namespace reveille::explore {

bool FewPreemptions::Begin(uint64_t key) {
  random_ = Random(key);
  asked_ = 0;
  places_ = 0;
  // A little beyond the last one's end: this one may be longer.
  const uint32_t range = last_length_ + last_length_ / 4 + 1;
  for (int i = 0; i < preemptions_; ++i) preempt_at_[i] = random_.Below(range);
  return true;
}

bool FewPreemptions::PreemptsNow() {
  const uint32_t place = places_++;
  for (int i = 0; i < preemptions_; ++i) {
    if (preempt_at_[i] == place) return true;
  }
  return false;
}

uint32_t FewPreemptions::ChooseThread(const ChoicePoint& at) {
  const bool can_go_on = Contains(at.threads, at.running);
  if (!can_go_on || at.pending[at.running].kind == Kind::kYield) {
    return random_.Below(at.count);
  }
  const uint32_t running = OptionOf(at.threads, at.running);
  if (!PreemptsNow()) return running;
  const uint32_t other = random_.Below(at.count - 1);
  return other < running ? other : other + 1;
}

uint32_t FewPreemptions::ChooseForTheProgram(const ChoicePoint& at) {
  const size_t index = asked_++;
  if (wanted_ == nullptr || index >= wanted_->size()) {
    return random_.Below(at.count);
  }
  return (*wanted_)[index] % at.count;
}

uint32_t FewPreemptions::Choose(const ChoicePoint& at) {
  if (at.tag == Tag::kThread) return ChooseThread(at);
  if (at.tag == Tag::kUser) return ChooseForTheProgram(at);
  return ChooseOther(at, &random_);
}

void FewPreemptions::End(const ExecutionSummary&) {
  last_length_ = places_ > 0 ? places_ : 1;
}

}  // namespace reveille::explore

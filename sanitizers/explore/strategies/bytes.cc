#include "bytes.h"

#include "random_walk.h"
#include "replay.h"

namespace reveille::explore {

bool Bytes::Begin(uint64_t key) {
  next_ = 0;
  uint64_t digest = Scatter(key);
  for (size_t i = 0; i < size_; ++i) digest = Scatter(digest ^ bytes_[i]);
  random_ = Random(digest);
  return true;
}

uint32_t Bytes::Choose(const ChoicePoint& at) {
  const size_t wanted = at.count <= 256 ? 1 : 3;
  if (size_ - next_ >= wanted) {
    uint32_t value = 0;
    for (size_t i = 0; i < wanted; ++i) value = value << 8 | bytes_[next_++];
    return value % at.count;
  }
  if (tail_ == Tail::kDefault) return DefaultOption(at);
  if (at.tag == Tag::kThread) return random_.Below(at.count);
  return ChooseOther(at, &random_);
}

}  // namespace reveille::explore

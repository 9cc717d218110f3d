#include "random_walk.h"

namespace reveille::explore {

uint32_t ChooseOther(const ChoicePoint& at, Random* random) {
  switch (at.tag) {
    case Tag::kSpurious:
      return random->OneIn(16);
    case Tag::kSpin:
      return !at.hopeless && random->OneIn(4);
    default:
      return random->Below(at.count);
  }
}

bool RandomWalk::Begin(uint64_t key) {
  random_ = Random(key);
  return true;
}

uint32_t RandomWalk::Choose(const ChoicePoint& at) {
  if (at.tag == Tag::kThread) [[likely]]
    return random_.Below(at.count);
  return ChooseOther(at, &random_);
}

void RandomWalk::End(const ExecutionSummary&) {}

}  // namespace reveille::explore

// Every option is equally likely, at every choice.
#ifndef REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_RANDOM_WALK_H_
#define REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_RANDOM_WALK_H_

#include "../random.h"
#include "../strategy.h"

namespace reveille::explore {

// What strategies answer to choices that are not about threads. Waiters and
// random values are uniform; wakeups without a reason are rare, and spinning
// threads are mostly held back, because the other answer costs much more.
inline uint32_t ChooseOther(const ChoicePoint& at, Random* random) {
  switch (at.tag) {
    case Tag::kSpurious:
      return random->OneIn(16);
    case Tag::kSpin:
      return !at.hopeless && random->OneIn(4);
    default:
      return random->Below(at.count);
  }
}

class RandomWalk final : public Strategy {
 public:
  bool Begin(uint64_t key) override {
    random_ = Random(key);
    return true;
  }
  uint32_t Choose(const ChoicePoint& at) override {
    if (at.tag == Tag::kThread) [[likely]]
      return random_.Below(at.count);
    return ChooseOther(at, &random_);
  }
  void End(const ExecutionSummary&) override {}

 private:
  Random random_;
};

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_RANDOM_WALK_H_

// Every option is equally likely, at every choice.
#ifndef REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_RANDOM_WALK_H_
#define REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_RANDOM_WALK_H_

#include "../random.h"
#include "../strategy.h"

namespace reveille::explore {

// What strategies answer to choices that are not about threads. Waiters and
// random values are uniform; wakeups without a reason are rare, and spinning
// threads are mostly held back, because the other answer costs much more.
uint32_t ChooseOther(const ChoicePoint& at, Random* random);

// Not inline: a program under the lens that includes this would bring in
// instrumented copies, and the lens would be calling itself.
class RandomWalk final : public Strategy {
 public:
  bool Begin(uint64_t key) override;
  uint32_t Choose(const ChoicePoint& at) override;
  void End(const ExecutionSummary&) override;

 private:
  Random random_;
};

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_RANDOM_WALK_H_

// Partial order sampling: a random priority for every single operation.
//
// The operation of highest priority goes first. Whoever was about to do
// something that conflicts with it draws again. This comes closer to sampling
// orders of conflicting operations evenly than a random walk, and needs to
// know nothing about the program.
#ifndef REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_POS_H_
#define REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_POS_H_

#include "operation_priorities.h"

namespace reveille::explore {

class Pos final : public Strategy {
 public:
  bool Begin(uint64_t key) override;
  uint32_t Choose(const ChoicePoint& at) override;
  void End(const ExecutionSummary&) override {}

 private:
  Random random_;
  OperationPriorities priorities_;
};

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_POS_H_

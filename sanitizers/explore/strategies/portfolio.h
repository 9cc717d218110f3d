// Several strategies share the budget, and what the program is asked to do is
// the same for some executions in a row.
//
// Every strategy has a share, which doubles as long as its executions are new.
// Choices of the program's own stay for a while, so that what the strategies
// learn from one execution holds for the next. In every other execution only
// operations by which threads meet are chosen among (meetings.h). All is
// decided by the keys, so a unit of executions is the same everywhere.
#ifndef REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_PORTFOLIO_H_
#define REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_PORTFOLIO_H_

#include "few_preemptions.h"
#include "meetings.h"
#include "pct.h"
#include "pos.h"
#include "random_walk.h"
#include "surw.h"

namespace reveille::explore {

class Portfolio final : public Strategy {
 public:
  Portfolio();

  bool Begin(uint64_t key) override;
  uint32_t Choose(const ChoicePoint& at) override;
  void End(const ExecutionSummary& summary) override;

 private:
  static constexpr int kArms = 9;
  struct Arm {
    Strategy* strategy = nullptr;
    uint32_t share = 0;
    uint32_t worth = 0;  // in 1/65536: how much of late was new
  };
  static uint64_t WeightOf(const Arm& arm);
  Arm* Draw(Random* random);

  RandomWalk random_walk_;
  FewPreemptions few_{3, nullptr};
  Pct shallow_{3};
  Pct deep_{6};
  Pos pos_;
  Surw surw_{Surw::Rest::kThreadPriorities, 1};
  Surw groups_{Surw::Rest::kThreadPriorities, 3};
  Surw surw_pos_{Surw::Rest::kOperationPriorities, 1};
  Surw groups_pos_{Surw::Rest::kOperationPriorities, 3};
  Arm arms_[kArms];
  Arm* current_ = nullptr;

  uint64_t executions_ = 0;
  uint64_t own_key_ = 0;
  Random own_choices_;  // of the program
  Meetings meetings_;
  bool only_meetings_ = false;
};

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_PORTFOLIO_H_

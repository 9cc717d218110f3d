// Several strategies share the budget by what they bring.
//
// Every strategy gets a floor; the rest goes to those whose recent executions
// were new. All is decided by the keys, so a unit of executions is the same
// everywhere.
#ifndef REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_PORTFOLIO_H_
#define REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_PORTFOLIO_H_

#include "pct.h"
#include "pos.h"
#include "random_walk.h"
#include "surw.h"

namespace reveille::explore {

class Portfolio final : public Strategy {
 public:
  Portfolio();

  bool Begin(uint64_t key) override;
  uint32_t Choose(const ChoicePoint& at) override {
    return current_->strategy->Choose(at);
  }
  void End(const ExecutionSummary& summary) override;

 private:
  static constexpr int kArms = 7;
  struct Arm {
    Strategy* strategy = nullptr;
    uint32_t worth = 0;  // in 1/65536: how much of late was new
  };

  RandomWalk random_walk_;
  Pct shallow_{2};
  Pct middle_{3};
  Pct deep_{5};
  Pct deeper_{8};
  Pos pos_;
  Surw surw_;
  Arm arms_[kArms];
  Arm* current_ = nullptr;
};

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_PORTFOLIO_H_

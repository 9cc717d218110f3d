// IdleLoad: idle-priority and normal tasks of one round, with the oracles that
// judge what is promised of both.
//
// Any thread; it outlives the tasks that it submitted.
#ifndef REVEILLE_STRESS_SCENARIOS_IDLE_LOAD_H_
#define REVEILLE_STRESS_SCENARIOS_IDLE_LOAD_H_

#include <cstdint>

#include "stress/oracles/concurrency_oracle.h"
#include "stress/oracles/idle_work_oracle.h"
#include "stress/scenarios/pace.h"
#include "stress/scenarios/round.h"

namespace reveille::stress {

class IdleLoad {
 public:
  // `in_hands`: so many normal tasks the workers may hold between two queues;
  // the order is judged only while more of them wait. UINT64_MAX: never.
  IdleLoad(Round& round, uint64_t in_hands)
      : round_(round),
        at_once_(&round.judge(), "idle-priority tasks run",
                 round.pool().AsIdleWork()->Limit()),
        order_(&round.judge(), in_hands) {}

  IdleWorkOracle& order() { return order_; }

  void SubmitIdle(Dice& dice) {
    round_.SubmitIdle([this, own = dice.Fork()]() mutable {
      at_once_.Enter();
      order_.IdleStarted();
      ComputeTypically(round_, own);
      at_once_.Leave();
    });
  }
  void SubmitNormal(Dice& dice) {
    round_.Submit([this, own = dice.Fork()]() mutable {
      order_.NormalStarted();
      ComputeTypically(round_, own);
    });
  }

 private:
  Round& round_;
  ConcurrencyOracle at_once_;
  IdleWorkOracle order_;
};

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_SCENARIOS_IDLE_LOAD_H_

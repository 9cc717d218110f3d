// JudgedTimer: a timer with its oracle. One thread or task controls it.
#ifndef REVEILLE_STRESS_SCENARIOS_JUDGED_TIMER_H_
#define REVEILLE_STRESS_SCENARIOS_JUDGED_TIMER_H_

#include <functional>
#include <memory>

#include "stress/oracles/deadline_oracle.h"
#include "stress/scenarios/round.h"

namespace reveille::stress {

class JudgedTimer {
 public:
  using TimePoint = PoolClock::time_point;

  // `body` runs each time it fires.
  JudgedTimer(Round& round, std::function<void()> body);

  // Does nothing when the oracle has no room for one more.
  void Set(TimePoint when);
  void Stop();
  // Nobody waits an hour: a far timer is moved near, or stopped. Call it before
  // the round waits for its tasks.
  void Settle(Dice& dice);
  void Check() { oracle_->Check(); }

 private:
  // Shared with the callback, which a bad pool may call too late.
  const std::shared_ptr<DeadlineOracle> oracle_;
  bool far_ = false;
  std::unique_ptr<TimerPool::Timer> timer_;  // Destroyed first: it stops.
};

PoolClock::time_point ExpiredMoment();
PoolClock::time_point NearMoment(Dice& dice, int64_t within_ns);
// Expired, near, not so near, or far.
PoolClock::time_point RandomMoment(Dice& dice);

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_SCENARIOS_JUDGED_TIMER_H_

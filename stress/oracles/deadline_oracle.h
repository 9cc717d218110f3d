// DeadlineOracle: one timer, and what it may do.
//
// Each arming fires exactly once, unless it is moved or stopped in time, and
// never before its moment. That it fires at all is what AwaitAllFinished()
// waits for; how late is for the watchdog to judge, who sees whether anybody
// was idle meanwhile.
//
// Arming(), Armed(), Stopped() and Check() belong to the one thread that
// controls the timer; Fired() to whatever thread the callback runs on.
#ifndef REVEILLE_STRESS_ORACLES_DEADLINE_ORACLE_H_
#define REVEILLE_STRESS_ORACLES_DEADLINE_ORACLE_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <utility>

#include "stress/oracles/oracle.h"
#include "stress/pools/pool.h"

namespace reveille::stress {

class DeadlineOracle {
 public:
  using TimePoint = PoolClock::time_point;
  static constexpr int kMaxArmings = 8;

  explicit DeadlineOracle(Judge* judge) : judge_(judge) {}

  bool MayArm() const { return armings_ < kMaxArmings; }
  // Just before Reset(), and just after it with what it returned.
  void Arming(TimePoint due);
  void Armed(bool was_pending);
  // Just after Stop().
  void Stopped(bool was_pending);
  // The callback.
  template <typename Body>
  void Fired(Body&& body);
  // At quiescence.
  void Check();

 private:
  static constexpr uint32_t kNoTask = UINT32_MAX;
  struct Setting {
    std::atomic<uint32_t> task{kNoTask};
    TimePoint due;
    TimePoint fired_at;
  };
  // The number of the task that this firing is, or kNoTask.
  uint32_t BeginFiring();
  void Withdraw();

  Judge* const judge_;
  std::array<Setting, kMaxArmings> settings_;
  int armings_ = 0;
  bool may_be_pending_ = false;  // Before the arming that is under way.
  std::atomic<int> fired_{0};
};

template <typename Body>
void DeadlineOracle::Fired(Body&& body) {
  const uint32_t task = BeginFiring();
  if (task == kNoTask) return;
  judge_->Started(task);
  body();
  judge_->Finished(task);
}

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_ORACLES_DEADLINE_ORACLE_H_

// IdleWorkOracle: idle-priority work delays normal work by at most one task.
//
// A worker looks for normal work before it takes an idle task. So while normal
// tasks sit in the queues, no worker takes two idle tasks in a row; one it may
// have taken just before the normal work came. A task that a stalled thief
// holds in its hands is in no queue, and others then rightly turn to idle work;
// hence nothing is judged until more tasks wait than the thieves can hold.
#ifndef REVEILLE_STRESS_ORACLES_IDLE_WORK_ORACLE_H_
#define REVEILLE_STRESS_ORACLES_IDLE_WORK_ORACLE_H_

#include <atomic>
#include <cstdint>

#include "stress/oracles/oracle.h"

namespace reveille::stress {

class IdleWorkOracle {
 public:
  // `in_hands`: most tasks that may be on their way between queues.
  IdleWorkOracle(Judge* judge, uint64_t in_hands);

  // After the pool has accepted n normal tasks; no more come afterwards.
  void NormalQueued(uint64_t n) { queued_.fetch_add(n); }
  // First statement of each task.
  void NormalStarted();
  void IdleStarted();

 private:
  uint64_t Backlog() const;

  Judge* const judge_;
  const uint64_t in_hands_;
  const uint64_t id_;  // Tells this oracle from others on the same threads.
  std::atomic<uint64_t> queued_{0};
  std::atomic<uint64_t> started_{0};
};

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_ORACLES_IDLE_WORK_ORACLE_H_

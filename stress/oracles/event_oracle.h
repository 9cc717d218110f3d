// EventOracle: one wait on one descriptor, and how it may end.
//
// kReady only after something has made the descriptor ready; kTimedOut only
// past the deadline; kClosed only if it was closed; kBusy only if two waited
// for the same; kFailed never. That each wait ends at all, and once, is for the
// Judge: the wait is an armed task, and its cause makes it due.
#ifndef REVEILLE_STRESS_ORACLES_EVENT_ORACLE_H_
#define REVEILLE_STRESS_ORACLES_EVENT_ORACLE_H_

#include <atomic>
#include <cstdint>

#include "stress/oracles/oracle.h"
#include "stress/pools/pool.h"

namespace reveille::stress {

const char* ToString(NetpollPool::Event event);

class EventOracle {
 public:
  using Event = NetpollPool::Event;
  using TimePoint = PoolClock::time_point;
  static constexpr TimePoint kNever = TimePoint::max();

  explicit EventOracle(Judge* judge, TimePoint deadline = kNever)
      : judge_(judge), deadline_(deadline) {}

  // Just before the cause itself. Any thread.
  void WillBeReady(uint32_t task);
  void WillBeClosed(uint32_t task);
  // Before the waits begin.
  void IsContested() { contested_ = true; }
  TimePoint deadline() const { return deadline_; }

  // In the callback. False, and a failure, for an event that must not be.
  bool Accept(Event event);

 private:
  bool IsJustified(Event event) const;

  Judge* const judge_;
  const TimePoint deadline_;
  bool contested_ = false;
  std::atomic<bool> ready_{false};
  std::atomic<bool> closed_{false};
};

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_ORACLES_EVENT_ORACLE_H_

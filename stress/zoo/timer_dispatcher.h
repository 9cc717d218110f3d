// TimerDispatcher: a queue and timers under one mutex, for dispatchers whose
// bug is in who wakes for a deadline. White box, since a late timer is seen
// only beside a worker that is known to be idle.
//
// Derived classes decide where a worker sleeps and who is told of what; they
// are called with the mutex held.
#ifndef REVEILLE_STRESS_ZOO_TIMER_DISPATCHER_H_
#define REVEILLE_STRESS_ZOO_TIMER_DISPATCHER_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "stress/zoo/dispatcher.h"

namespace reveille::stress::zoo {

class TimerDispatcher : public Dispatcher,
                        private TimerPool,
                        private WhiteBoxPool {
 public:
  explicit TimerDispatcher(Crew* crew) : crew_(crew) {}

  void Push(int submitter, PoolFn fn) final;
  PoolFn Next(int self) final;
  void Stop() final;
  TimerPool* AsTimer() final { return this; }
  const WhiteBoxPool* AsWhiteBox() const final { return this; }

 protected:
  using Lock = std::unique_lock<std::mutex>;
  using TimePoint = PoolClock::time_point;
  class PendingTimer;
  struct Entry {
    PendingTimer* timer;
    int owner;            // The worker whose task set it, or kOutside.
    uint64_t generation;  // Of the setting.
  };
  using Timers = std::multimap<TimePoint, Entry>;

  // Nothing to do for worker `self`: it sleeps, at least until the first timer
  // it should see to. May return early.
  virtual void Sleep(int self, Lock* lock) = 0;
  virtual void OnTask() = 0;
  // `at` was set.
  virtual void OnTimer(Timers::iterator at) = 0;
  virtual void OnStop() = 0;
  // Worker `self` leaves with a task.
  virtual void OnLeave(int /*self*/) {}
  // Whether worker `self` may look at an entry.
  virtual bool Sees(int /*self*/, const Entry&) const { return true; }
  // Whether a setting that was moved or stopped stays, to be skipped when due.
  virtual bool KeepsStale() const { return false; }
  // Whether an entry that is due is the latest setting of its timer.
  virtual bool IsValid(const Entry& entry) const;
  static bool IsPending(const Entry& entry);

  // The end of time if there is none that `self` sees.
  TimePoint FirstDeadline(int self) const;
  const Timers& timers() const { return timers_; }

 private:
  friend class PendingTimer;

  std::unique_ptr<Timer> NewTimer(std::function<void()> callback) final;
  PoolSnapshot Snapshot() const final;
  std::vector<std::pair<std::string, double>> Counters() const final;
  std::string StateDump() const final;
  std::string FlightRecord() const final { return ""; }
  std::string CheckQuiescent() const final;

  // Sets or, with null, stops. True when it was pending.
  bool Set(PendingTimer* timer, const TimePoint* when);
  // Before it is destroyed; settings that were kept go, too.
  void Forget(const PendingTimer* timer);
  void QueueDueTimers(int self);
  // After each change of the queue or the timers.
  void Publish();

  Crew* const crew_;
  std::mutex mutex_;
  std::deque<PoolFn> queue_;
  Timers timers_;
  bool stopping_ = false;
  // For the white box, which may not lock.
  std::atomic<int> idle_{0};
  std::atomic<uint64_t> runnable_{0};
  std::atomic<int64_t> first_ns_{0};
  std::atomic<uint64_t> steps_{0};
};

}  // namespace reveille::stress::zoo

#endif  // REVEILLE_STRESS_ZOO_TIMER_DISPATCHER_H_

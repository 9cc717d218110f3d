// busy-heap: the timers of a busy worker are nobody else's.
//
// Mechanism: a timer that a task sets belongs to the worker of the task. Only
// that worker looks at it and sleeps until it. When its task goes on for long,
// the timer is late, although other workers are idle.
// Mirrors: golang/go#38860. Class: j, h.
// Lost by:
//   worker A    its task sets a timer and waits for it
//   worker B    sleeps; the timer is none of its business
// Expect: livelock (the task spins for a timer that nobody waits for), or
// idle-worker-with-runnable-work.
#include <condition_variable>

#include "stress/zoo/bug.h"
#include "stress/zoo/timer_dispatcher.h"

namespace reveille::stress::zoo {
namespace {

template <bool kFixed>
class BusyHeap final : public TimerDispatcher {
 public:
  using TimerDispatcher::TimerDispatcher;

 private:
  // Bug: those of a busy worker have nobody.
  bool Sees(int self, const Entry& entry) const override {
    return kFixed || entry.owner == kOutside || entry.owner == self;
  }
  void Sleep(int self, Lock* lock) override {
    const TimePoint deadline = FirstDeadline(self);
    if (deadline == TimePoint::max()) {
      changed_.wait(*lock);
    } else {
      changed_.wait_until(*lock, deadline);
    }
  }
  void OnTask() override { changed_.notify_one(); }
  void OnTimer(Timers::iterator) override { changed_.notify_all(); }
  void OnStop() override { changed_.notify_all(); }

  std::condition_variable changed_;
};

[[maybe_unused]] const bool kRegistered = RegisterBug<BusyHeap>({
    .name = "busy-heap",
    .classes = "j, h",
    .mirrors = "golang/go#38860",
    .expect = "livelock",
    .scenario = "timers",
});

}  // namespace
}  // namespace reveille::stress::zoo

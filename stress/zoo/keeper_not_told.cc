// keeper-not-told: the wake for an earlier timer reaches one who does not care.
//
// Mechanism: one sleeper, the keeper, sleeps until the first deadline; the
// others sleep without one, on the same condition variable. An earlier timer
// notifies one of them. It looks at the queue, finds nothing, sees that there
// is a keeper, and sleeps again. Mirrors: boostorg/asio@85e9b528 (a wake
// consumed by the wrong caller),
//   folly 1147a18c4. Class: f, h.
// Lost by:
//   worker A    keeper, sleeps until a timer in an hour; worker B sleeps
//   setter      sets a timer in a millisecond, notifies one: B
//   worker B    no task; A keeps the time; sleeps
// Expect: late-timer (the later timer is the first to fire), or deadlock if
// the keeper slept without a deadline.
#include <condition_variable>

#include "stress/zoo/bug.h"
#include "stress/zoo/timer_dispatcher.h"

namespace reveille::stress::zoo {
namespace {

template <bool kFixed>
class KeeperNotTold final : public TimerDispatcher {
 public:
  using TimerDispatcher::TimerDispatcher;

 private:
  void Sleep(int self, Lock* lock) override {
    if (keeper_ != kOutside) {
      changed_.wait(*lock);
      return;
    }
    keeper_ = self;
    const TimePoint deadline = FirstDeadline(self);
    if (deadline == TimePoint::max()) {
      changed_.wait(*lock);
    } else {
      changed_.wait_until(*lock, deadline);
    }
    keeper_ = kOutside;
  }
  void OnTask() override { changed_.notify_all(); }
  void OnTimer(Timers::iterator at) override {
    if (at != timers().begin()) return;
    // Bug: they wait for different things, so one is not enough.
    if (kFixed) {
      changed_.notify_all();
    } else {
      changed_.notify_one();
    }
  }
  // Somebody else may have to keep the time.
  void OnLeave(int) override {
    if (keeper_ == kOutside) changed_.notify_all();
  }
  void OnStop() override { changed_.notify_all(); }

  std::condition_variable changed_;
  int keeper_ = kOutside;
};

[[maybe_unused]] const bool kRegistered = RegisterBug<KeeperNotTold>({
    .name = "keeper-not-told",
    .classes = "f, h",
    .mirrors = "boostorg/asio@85e9b528, folly 1147a18c4",
    .expect = "late-timer, deadlock or livelock",
    .scenario = "overtake",
});

}  // namespace
}  // namespace reveille::stress::zoo

// keeper-not-replaced: who kept the time goes to work, and nobody takes over.
//
// Mechanism: one sleeper, the keeper, sleeps until the first deadline; the
// others sleep without one. The keeper is woken for a task and leaves. New
// timers are told to the keeper, if there is one; the others sleep for good
// while timers come due.
// Mirrors: golang/go#5216 (the last P goes idle and nobody polls),
//   golang/go#9576, golang/go#35274. Class: h, k.
// Lost by:
//   worker B    sleeps without a deadline; worker A keeps the time
//   submitter   pushes 1; A takes it, nobody is keeper
//   worker A    task 1 sets a timer and waits for it; B sleeps
// Expect: livelock (task 1 spins for a timer that nobody waits for), or
// idle-worker-with-runnable-work.
#include <condition_variable>
#include <utility>

#include "stress/zoo/bug.h"
#include "stress/zoo/timer_dispatcher.h"

namespace reveille::stress::zoo {
namespace {

template <bool kFixed>
class KeeperNotReplaced final : public TimerDispatcher {
 public:
  using TimerDispatcher::TimerDispatcher;

 private:
  void Sleep(int self, Lock* lock) override {
    if (keeper_ != kOutside) {
      others_.wait(*lock);
      return;
    }
    keeper_ = self;
    const TimePoint deadline = FirstDeadline(self);
    if (deadline == TimePoint::max()) {
      keeper_wakes_.wait(*lock);
    } else {
      keeper_wakes_.wait_until(*lock, deadline);
    }
    if (keeper_ == self) keeper_ = kOutside;
  }
  // Who is woken for a task keeps the time no longer.
  void OnTask() override {
    if (std::exchange(keeper_, kOutside) == kOutside) {
      others_.notify_one();
    } else {
      keeper_wakes_.notify_one();
    }
  }
  void OnTimer(Timers::iterator at) override {
    if (at == timers().begin()) keeper_wakes_.notify_one();
  }
  void OnLeave(int) override {
    // Bug: the time is left to nobody.
    if (kFixed && keeper_ == kOutside) others_.notify_one();
  }
  void OnStop() override {
    keeper_wakes_.notify_all();
    others_.notify_all();
  }

  std::condition_variable keeper_wakes_;
  std::condition_variable others_;
  int keeper_ = kOutside;
};

[[maybe_unused]] const bool kRegistered = RegisterBug<KeeperNotReplaced>({
    .name = "keeper-not-replaced",
    .classes = "h, k",
    .mirrors = "golang/go#5216, golang/go#9576",
    .expect = "livelock",
    .scenario = "timers",
});

}  // namespace
}  // namespace reveille::stress::zoo

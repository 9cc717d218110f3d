// stale-timeout: a timer that was moved fires at its old time, too.
//
// Mechanism: moving a timer leaves its old entry in the list, to be skipped
// when it is due. An entry is skipped if its timer is no longer pending; but a
// timer that was moved is pending, for its new time. Mirrors:
// google/marl@14e4d86 (a stale timeout wakes a fibre that was woken
//   already), facebook/rocksdb#4143 (old and new taken for the same). Class: o,
//   e.
// Goes wrong by:
//   setter      sets the timer to 1 ms: entry 1; moves it to an hour: entry 2
//   worker      entry 1 is due and its timer pending: fires; the timer is no
//               longer pending for those who stop or move it
// Expect: check-failed (a timer fires early, or twice).
#include <condition_variable>

#include "stress/zoo/bug.h"
#include "stress/zoo/timer_dispatcher.h"

namespace reveille::stress::zoo {
namespace {

template <bool kFixed>
class StaleTimeout final : public TimerDispatcher {
 public:
  using TimerDispatcher::TimerDispatcher;

 private:
  bool KeepsStale() const override { return true; }
  bool IsValid(const Entry& entry) const override {
    // Bug: pending, but is it this setting?
    return kFixed ? TimerDispatcher::IsValid(entry) : IsPending(entry);
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
  void OnTimer(Timers::iterator at) override {
    if (at == timers().begin()) changed_.notify_all();
  }
  void OnStop() override { changed_.notify_all(); }

  std::condition_variable changed_;
};

[[maybe_unused]] const bool kRegistered = RegisterBug<StaleTimeout>({
    .name = "stale-timeout",
    .classes = "o, e",
    .mirrors = "google/marl@14e4d86",
    .expect = "check-failed",
    .scenario = "timers",
});

}  // namespace
}  // namespace reveille::stress::zoo

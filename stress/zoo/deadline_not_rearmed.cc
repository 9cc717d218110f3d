// deadline-not-rearmed: an earlier timer does not shorten the sleep.
//
// Mechanism: the sleepers are told of the first timer; later ones find them
// sleeping towards a deadline already. That deadline may be much later than the
// new timer.
// Mirrors: golang/go#35274, golang/go#44868, golang/go#66006. Class: h.
// Lost by:
//   worker      sleeps until a timer in an hour
//   setter      sets a timer in a millisecond; the sleeper has a deadline: is
//               not told
// Expect: late-timer (the later timer is the first to fire).
#include <condition_variable>

#include "stress/zoo/bug.h"
#include "stress/zoo/timer_dispatcher.h"

namespace reveille::stress::zoo {
namespace {

template <bool kFixed>
class DeadlineNotRearmed final : public TimerDispatcher {
 public:
  using TimerDispatcher::TimerDispatcher;

 private:
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
    // Bug: only the first timer of all is news.
    const bool is_news = kFixed ? at == timers().begin() : timers().size() == 1;
    if (is_news) changed_.notify_all();
  }
  void OnStop() override { changed_.notify_all(); }

  std::condition_variable changed_;
};

[[maybe_unused]] const bool kRegistered = RegisterBug<DeadlineNotRearmed>({
    .name = "deadline-not-rearmed",
    .classes = "h",
    .mirrors = "golang/go#35274, golang/go#44868",
    .expect = "late-timer",
    .scenario = "overtake",
});

}  // namespace
}  // namespace reveille::stress::zoo

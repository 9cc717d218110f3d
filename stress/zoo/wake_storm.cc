// wake-storm: a searcher that found nothing wakes the next one.
//
// Mechanism: the last searcher must not leave unseen what was submitted in its
// time, so it wakes another one when it leaves; without a look whether there is
// anything. That one finds nothing, and wakes the next.
// Mirrors: lalinsky/zio#562 (a phantom "ready" armed a searcher for ever),
//   golang/go#13527, golang/go#51654. Class: q, g.
// Not a lost wakeup but its opposite: all work is done, and the workers keep
// the processor busy until the pool ends. Goes round by:
//   worker A    searches: nothing; wakes B; sleeps
//   worker B    searches: nothing; wakes A; sleeps
// Expect: livelock, where somebody waits for time to pass.
#include <atomic>
#include <utility>

#include "stress/zoo/bug.h"
#include "stress/zoo/event_count.h"
#include "stress/zoo/task_queue.h"

namespace reveille::stress::zoo {
namespace {

template <bool kFixed>
class WakeStorm final : public Dispatcher {
 public:
  explicit WakeStorm(Crew*) {}

  void Push(int, PoolFn fn) override {
    queue_.Push(std::move(fn));
    if (searching_.load() == 0) events_.NotifyOne();
  }

  PoolFn Next(int) override {
    while (!events_.closed()) {
      searching_.fetch_add(1);
      PoolFn fn = queue_.TryPop();
      const bool was_last = searching_.fetch_sub(1) == 1;
      // Bug: it passes on what it has not got.
      if (was_last && (!kFixed || !queue_.Empty())) events_.NotifyOne();
      if (fn) return fn;
      const EventCount::Key key = events_.Prepare();
      if (queue_.Empty()) events_.Wait(key);
    }
    return nullptr;
  }

  void Stop() override { events_.Close(); }

 private:
  TaskQueue queue_;
  EventCount events_;
  std::atomic<int> searching_{0};
};

[[maybe_unused]] const bool kRegistered = RegisterBug<WakeStorm>({
    .name = "wake-storm",
    .classes = "q, g",
    .mirrors = "lalinsky/zio#562, golang/go#13527",
    .expect = "livelock",
    .scenario = "burst",
});

}  // namespace
}  // namespace reveille::stress::zoo

// yield-without-wake: a task that gives way is queued, and nobody is told.
//
// Mechanism: a yielded task goes to the common queue without a wake, since the
// worker that yields is awake and will look there. It may find something else
// first, and be busy with that for long.
// Mirrors: golang/go#55160 (Gosched), Kotlin/kotlinx.coroutines#4248. Class: c.
// Lost by:
//   task A      submits B (a worker wakes, finds B gone already, sleeps)
//   task A      yields: queued behind B; no wake
//   worker      takes B, which waits for A; the other worker sleeps
// Expect: idle-worker-with-runnable-work, or livelock: A has begun, so counting
// tasks does not show that it waits for a worker, and B spins.
#include <utility>

#include "stress/zoo/bug.h"
#include "stress/zoo/event_count.h"
#include "stress/zoo/task_queue.h"

namespace reveille::stress::zoo {
namespace {

template <bool kFixed>
class YieldWithoutWake final : public Dispatcher {
 public:
  explicit YieldWithoutWake(Crew*) {}

  void Push(int, PoolFn fn) override {
    queue_.Push(std::move(fn));
    events_.NotifyOne();
  }

  bool TakesYields() const override { return true; }
  void PushYielded(int, PoolFn fn) override {
    queue_.Push(std::move(fn));
    // Bug: this worker may not be the next one to be free.
    if (kFixed) events_.NotifyOne();
  }

  PoolFn Next(int) override {
    while (!events_.closed()) {
      if (PoolFn fn = queue_.TryPop()) return fn;
      const EventCount::Key key = events_.Prepare();
      if (queue_.Empty()) events_.Wait(key);
    }
    return nullptr;
  }

  void Stop() override { events_.Close(); }

 private:
  TaskQueue queue_;
  EventCount events_;
};

[[maybe_unused]] const bool kRegistered = RegisterBug<YieldWithoutWake>({
    .name = "yield-without-wake",
    .classes = "c",
    .mirrors = "golang/go#55160, Kotlin/kotlinx.coroutines#4248",
    .expect = "livelock",
    .scenario = "yield",
});

}  // namespace
}  // namespace reveille::stress::zoo

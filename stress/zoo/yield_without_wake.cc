// yield-without-wake: a task that gives way is queued, and nobody is told.
//
// Mechanism: a yielded task goes to a queue of its own without a wake, since
// the worker that yields is awake and will look there. It looks for fresh tasks
// first, and may be busy with one of those for long. (A worker that was asleep
// looks for yielded ones first, so that they do not starve.)
// Mirrors: golang/go#55160 (Gosched), Kotlin/kotlinx.coroutines#4248. Class: c.
// Lost by:
//   task A      submits B, which wakes worker 2
//   worker 2    takes the key, looks for yielded tasks: none
//   task A      yields; no wake; worker 1 takes B, which waits for A
//   worker 2    looks for fresh tasks: none; sleeps
// Expect: livelock (A has begun, so counting tasks does not show that it waits
// for a worker; B spins).
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
    fresh_.Push(std::move(fn));
    events_.NotifyOne();
  }

  bool TakesYields() const override { return true; }
  void PushYielded(int, PoolFn fn) override {
    yielded_.Push(std::move(fn));
    // Bug: this worker may not be the next one to be free.
    if (kFixed) events_.NotifyOne();
  }

  PoolFn Next(int) override {
    bool rested = false;
    while (!events_.closed()) {
      const EventCount::Key key = events_.Prepare();
      if (PoolFn fn =
              rested ? Search(yielded_, fresh_) : Search(fresh_, yielded_)) {
        return fn;
      }
      events_.Wait(key);
      rested = true;
    }
    return nullptr;
  }

  void Stop() override { events_.Close(); }

 private:
  static PoolFn Search(TaskQueue& first, TaskQueue& second) {
    PoolFn fn = first.TryPop();
    return fn ? std::move(fn) : second.TryPop();
  }

  TaskQueue fresh_;
  TaskQueue yielded_;
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

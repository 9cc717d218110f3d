// stale-idle-count: the wake is filtered by a count that was read too early.
//
// Mechanism: whoever submits reads how many workers are idle, then queues the
// task, then wakes as many as were idle. Workers that go idle in between had
// their last look before the task was there, and are not on his count.
// Mirrors: golang/go#63555, dotnet/coreclr#14017. Class: a, c.
// Lost by:
//   submitter   reads the idle count: 0
//   worker      counts itself idle, looks again: nothing; sleeps
//   submitter   pushes; wakes nobody
// Expect: idle-worker-with-runnable-work.
#include <atomic>
#include <utility>

#include "stress/zoo/bug.h"
#include "stress/zoo/event_count.h"
#include "stress/zoo/task_queue.h"

namespace reveille::stress::zoo {
namespace {

template <bool kFixed>
class StaleIdleCount final : public Dispatcher {
 public:
  explicit StaleIdleCount(Crew*) {}

  void Push(int, PoolFn fn) override {
    const int idle_before = kFixed ? 0 : idle_.load();
    queue_.Push(std::move(fn));
    // Bug: the count from before the push decides.
    const int idle = kFixed ? idle_.load() : idle_before;
    if (idle > 0) events_.NotifyOne();
  }

  PoolFn Next(int) override {
    while (!events_.closed()) {
      if (PoolFn fn = queue_.TryPop()) return fn;
      const EventCount::Key key = events_.Prepare();
      idle_.fetch_add(1);
      if (queue_.Empty()) events_.Wait(key);
      idle_.fetch_sub(1);
    }
    return nullptr;
  }

  void Stop() override { events_.Close(); }

 private:
  TaskQueue queue_;
  EventCount events_;
  std::atomic<int> idle_{0};
};

[[maybe_unused]] const bool kRegistered = RegisterBug<StaleIdleCount>({
    .name = "stale-idle-count",
    .classes = "a, c",
    .mirrors = "golang/go#63555, dotnet/coreclr#14017",
    .expect = "idle-worker-with-runnable-work",
    .scenario = "rendezvous",
});

}  // namespace
}  // namespace reveille::stress::zoo

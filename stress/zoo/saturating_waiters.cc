// saturating-waiters: a count that cannot go up any further still goes down.
//
// Mechanism: the number of waiters has a small field and stays at its greatest
// value when more come. Each waiter that goes takes one off. The count reaches
// zero while those that were not counted still sleep.
// Mirrors: folly b927c0557 (SharedMutex: exactly 3 to 4 writers, and the field
//   saturates). Class: g, p.
// Lost by (a field that holds one waiter):
//   workers     A waits: 1; B waits: still 1
//   submitter   pushes 1, wakes A; A goes: 0
//   submitter   pushes 2; the count is 0: wakes nobody; B sleeps
// Expect: idle-worker-with-runnable-work.
#include <atomic>
#include <climits>
#include <utility>

#include "stress/zoo/bug.h"
#include "stress/zoo/event_count.h"
#include "stress/zoo/task_queue.h"

namespace reveille::stress::zoo {
namespace {

template <bool kFixed>
class SaturatingWaiters final : public Dispatcher {
 public:
  explicit SaturatingWaiters(Crew*) {}

  void Push(int, PoolFn fn) override {
    queue_.Push(std::move(fn));
    if (waiters_.load() > 0) events_.NotifyOne();
  }

  PoolFn Next(int) override {
    while (!events_.closed()) {
      if (PoolFn fn = queue_.TryPop()) return fn;
      const EventCount::Key key = events_.Prepare();
      CountUp();
      if (queue_.Empty()) events_.Wait(key);
      CountDown();
    }
    return nullptr;
  }

  void Stop() override { events_.Close(); }

 private:
  // Bug: it forgets whom it cannot count, and nobody forgets to take them off.
  static constexpr int kMost = kFixed ? INT_MAX : 1;

  void CountUp() {
    int waiters = waiters_.load();
    while (waiters < kMost &&
           !waiters_.compare_exchange_weak(waiters, waiters + 1)) {
    }
  }
  void CountDown() {
    int waiters = waiters_.load();
    while (waiters > 0 &&
           !waiters_.compare_exchange_weak(waiters, waiters - 1)) {
    }
  }

  TaskQueue queue_;
  EventCount events_;
  std::atomic<int> waiters_{0};
};

[[maybe_unused]] const bool kRegistered = RegisterBug<SaturatingWaiters>({
    .name = "saturating-waiters",
    .classes = "g, p",
    .mirrors = "folly b927c0557",
    .expect = "idle-worker-with-runnable-work",
    .scenario = "rendezvous",
});

}  // namespace
}  // namespace reveille::stress::zoo

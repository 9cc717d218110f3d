// semaphore-edge: a semaphore that wakes only when it leaves zero.
//
// Mechanism: release() adds one and wakes a waiter if the count was zero. Two
// releases in a row find two waiters asleep: the second sees a count of one,
// since the first waiter is awake and has not taken it yet.
// Mirrors: llvm/llvm-project#77659 (libc++), GCC PR 98033 (libstdc++, met in
//   pytorch/pytorch#177884). Class: p, f.
// Lost by:
//   submitter   pushes 1; count 0 -> 1, wakes worker A
//   submitter   pushes 2; count 1 -> 2, wakes nobody
//   worker A    count 2 -> 1; runs 1; worker B sleeps beside a count of 1
// Expect: idle-worker-with-runnable-work.
#include <atomic>
#include <cstdint>
#include <utility>

#include "stress/oracles/futex.h"
#include "stress/zoo/bug.h"
#include "stress/zoo/task_queue.h"

namespace reveille::stress::zoo {
namespace {

template <bool kFixed>
class Semaphore {
 public:
  void Acquire() {
    while (true) {
      uint32_t count = count_.load();
      if (count == 0) {
        FutexWait(&count_, 0);
      } else if (count_.compare_exchange_strong(count, count - 1)) {
        return;
      }
    }
  }
  void Release(uint32_t n) {
    const uint32_t before = count_.fetch_add(n);
    // Bug: a count above zero does not mean that nobody sleeps.
    if (!kFixed && n == 1 && before != 0) return;
    FutexWakeSome(&count_, n);
  }

 private:
  std::atomic<uint32_t> count_{0};
};

template <bool kFixed>
class SemaphoreEdge final : public Dispatcher {
 public:
  explicit SemaphoreEdge(Crew* crew)
      : workers_(static_cast<uint32_t>(crew->parallelism())) {}

  void Push(int, PoolFn fn) override {
    queue_.Push(std::move(fn));
    semaphore_.Release(1);
  }

  PoolFn Next(int) override {
    semaphore_.Acquire();
    if (stopping_.load()) return nullptr;
    return queue_.TryPop();
  }

  void Stop() override {
    stopping_.store(true);
    semaphore_.Release(workers_);
  }

 private:
  const uint32_t workers_;
  TaskQueue queue_;
  Semaphore<kFixed> semaphore_;  // Counts the tasks.
  std::atomic<bool> stopping_{false};
};

[[maybe_unused]] const bool kRegistered = RegisterBug<SemaphoreEdge>({
    .name = "semaphore-edge",
    .classes = "p, f",
    .mirrors = "llvm/llvm-project#77659, GCC PR 98033",
    .expect = "idle-worker-with-runnable-work",
    .scenario = "rendezvous",
});

}  // namespace
}  // namespace reveille::stress::zoo

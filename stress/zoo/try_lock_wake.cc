// try-lock-wake: the waker cannot have the mutex, and does not come again.
//
// Mechanism: to be quick, whoever submits only tries the mutex that the
// sleepers wait under. Somebody else holds it, so somebody is awake, so there
// is no need for a wake. But the holder may have had his last look already.
// Mirrors: ponylang/ponyc#2561 (the I/O thread). Class: a, b.
// Lost by:
//   worker      locks, looks: nothing
//   submitter   pushes; try_lock fails; returns
//   worker      waits, and unlocks
// Expect: idle-worker-with-runnable-work.
#include <condition_variable>
#include <mutex>
#include <utility>

#include "stress/zoo/bug.h"
#include "stress/zoo/task_queue.h"

namespace reveille::stress::zoo {
namespace {

template <bool kFixed>
class TryLockWake final : public Dispatcher {
 public:
  explicit TryLockWake(Crew*) {}

  void Push(int, PoolFn fn) override {
    queue_.Push(std::move(fn));
    std::unique_lock<std::mutex> lock(mutex_, std::defer_lock);
    if constexpr (kFixed) {
      lock.lock();
    } else if (!lock.try_lock()) {
      return;  // Bug: the one who holds it may be on the way to sleep.
    }
    wake_.notify_one();
  }

  PoolFn Next(int) override {
    std::unique_lock<std::mutex> lock(mutex_);
    while (!stopping_) {
      if (PoolFn fn = queue_.TryPop()) return fn;
      wake_.wait(lock);
    }
    return nullptr;
  }

  void Stop() override {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }

 private:
  TaskQueue queue_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
};

[[maybe_unused]] const bool kRegistered = RegisterBug<TryLockWake>({
    .name = "try-lock-wake",
    .classes = "a, b",
    .mirrors = "ponylang/ponyc#2561",
    .expect = "idle-worker-with-runnable-work",
    .scenario = "rendezvous",
});

}  // namespace
}  // namespace reveille::stress::zoo

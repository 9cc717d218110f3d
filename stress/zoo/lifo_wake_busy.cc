// lifo-wake-busy: the wake goes to the top of a stack, which is at work.
//
// Mechanism: sleepers lie on a stack. A worker that looks again before it
// sleeps and finds a task goes to work, and leaves its place on the stack for
// later. Whoever submits pops that place: the wake reaches a worker that is
// busy, and the one that sleeps below keeps sleeping. Mirrors:
// ClickHouse/ClickHouse#100177, smol-rs/async-executor#103. Class: f, e. Lost
// by:
//   worker B    lies on the stack, sleeps
//   worker A    lies down on top, looks again: task 1; runs it
//   submitter   pushes 2, pops A, wakes A, which runs 1 and waits for 2
// Expect: idle-worker-with-runnable-work.
#include <deque>
#include <mutex>
#include <utility>
#include <vector>

#include "stress/zoo/bug.h"
#include "stress/zoo/parker.h"
#include "stress/zoo/task_queue.h"

namespace reveille::stress::zoo {
namespace {

template <bool kFixed>
class LifoWakeBusy final : public Dispatcher {
 public:
  explicit LifoWakeBusy(Crew* crew)
      : parkers_(static_cast<size_t>(crew->parallelism())) {}

  void Push(int, PoolFn fn) override {
    queue_.Push(std::move(fn));
    WakeTop();
  }

  PoolFn Next(int self) override {
    while (!Stopping()) {
      if (PoolFn fn = queue_.TryPop()) return fn;
      LieDown(self);
      if (PoolFn fn = queue_.TryPop()) {
        // Bug: it stays on the stack.
        if (kFixed) GetUp(self);
        return fn;
      }
      parkers_[static_cast<size_t>(self)].Park();
    }
    return nullptr;
  }

  void Stop() override {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
    }
    for (Parker& parker : parkers_) parker.Unpark();
  }

 private:
  bool Stopping() {
    std::lock_guard<std::mutex> lock(mutex_);
    return stopping_;
  }
  void LieDown(int self) {
    std::lock_guard<std::mutex> lock(mutex_);
    stack_.push_back(self);
  }
  // If it was popped, the wake was for somebody who has nothing else to do.
  void GetUp(int self) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (std::erase(stack_, self) > 0) return;
    }
    parkers_[static_cast<size_t>(self)].Park();  // Takes the permit.
    WakeTop();
  }
  void WakeTop() {
    std::lock_guard<std::mutex> lock(mutex_);
    if (stack_.empty()) return;
    parkers_[static_cast<size_t>(stack_.back())].Unpark();
    stack_.pop_back();
  }

  TaskQueue queue_;
  std::deque<Parker> parkers_;
  std::mutex mutex_;
  std::vector<int> stack_;
  bool stopping_ = false;
};

[[maybe_unused]] const bool kRegistered = RegisterBug<LifoWakeBusy>({
    .name = "lifo-wake-busy",
    .classes = "f, e",
    .mirrors = "ClickHouse/ClickHouse#100177, smol-rs/async-executor#103",
    .expect = "idle-worker-with-runnable-work",
    .scenario = "rendezvous",
});

}  // namespace
}  // namespace reveille::stress::zoo

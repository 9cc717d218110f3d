// flag-cleared-late: the wake flag is cleared after the look.
//
// Mechanism: each worker has a flag "there is something for you". Whoever finds
// it set already need not wake: the worker has yet to look. But the worker
// looks first and clears the flag afterwards, and with it what came in between.
// Mirrors: tokio-rs/tokio#6133 (readiness cleared with a stale tick),
//   golang/go#47329 (an earliest time cleared that had just been set). Class:
//   e.
// Lost by:
//   worker      looks: nothing
//   submitter   pushes, sets the flag
//   worker      clears the flag; sleeps until it is set
// Expect: idle-worker-with-runnable-work.
#include <atomic>
#include <cstdint>
#include <deque>
#include <utility>

#include "stress/oracles/futex.h"
#include "stress/zoo/bug.h"
#include "stress/zoo/task_queue.h"

namespace reveille::stress::zoo {
namespace {

template <bool kFixed>
class FlagClearedLate final : public Dispatcher {
 public:
  explicit FlagClearedLate(Crew* crew)
      : flags_(static_cast<size_t>(crew->parallelism())) {}

  void Push(int, PoolFn fn) override {
    queue_.Push(std::move(fn));
    SetFlags();
  }

  PoolFn Next(int self) override {
    std::atomic<uint32_t>& flag = flags_[static_cast<size_t>(self)];
    while (!stopping_.load()) {
      if (kFixed) flag.store(0);
      if (PoolFn fn = queue_.TryPop()) return fn;
      if (!kFixed) flag.store(0);  // Bug: it may have been set since the look.
      while (!stopping_.load() && flag.load() == 0) FutexWait(&flag, 0);
    }
    return nullptr;
  }

  // A worker that clears its flag after this still sees stopping_.
  void Stop() override {
    stopping_.store(true);
    SetFlags();
  }

 private:
  void SetFlags() {
    for (std::atomic<uint32_t>& flag : flags_) {
      if (flag.exchange(1) == 0) FutexWakeAll(&flag);
    }
  }

  TaskQueue queue_;
  std::deque<std::atomic<uint32_t>> flags_;
  std::atomic<bool> stopping_{false};
};

[[maybe_unused]] const bool kRegistered = RegisterBug<FlagClearedLate>({
    .name = "flag-cleared-late",
    .classes = "e",
    .mirrors = "tokio-rs/tokio#6133, golang/go#47329",
    .expect = "idle-worker-with-runnable-work",
    .scenario = "rendezvous",
});

}  // namespace
}  // namespace reveille::stress::zoo

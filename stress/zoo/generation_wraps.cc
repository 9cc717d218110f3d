// generation-wraps: so many events happen that the counter looks unchanged.
//
// Mechanism: a sleeper takes the number of events, looks, and sleeps if the
// number is still the same. The number has few bits. When it has come round in
// the meantime, the sleeper takes the events for none.
// Mirrors: rayon-rs/rayon#746 and rayon-rs/rfcs#5 (the jobs event counter);
//   folly b927c0557 (a futex word that comes back). Class: e, g.
// Lost by (one bit; with n bits 2^n events take the place of the two):
//   worker A    takes the number: 0; looks: nothing
//   submitter   pushes 1, counts: 1; pushes 2, counts: 0
//   worker A    the number is 0: sleeps
//   worker B    runs 1, which waits for 2
// Expect: idle-worker-with-runnable-work.
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <utility>

#include "stress/zoo/bug.h"
#include "stress/zoo/task_queue.h"

namespace reveille::stress::zoo {
namespace {

template <bool kFixed>
class GenerationWraps final : public Dispatcher {
 public:
  explicit GenerationWraps(Crew*) {}

  void Push(int, PoolFn fn) override {
    queue_.Push(std::move(fn));
    std::lock_guard<std::mutex> lock(mutex_);
    Count();
  }

  PoolFn Next(int) override {
    while (true) {
      const uint64_t key = Events();
      if (PoolFn fn = queue_.TryPop()) return fn;
      std::unique_lock<std::mutex> lock(mutex_);
      if (stopping_) return nullptr;
      if (events_ == key) counted_.wait(lock);
    }
  }

  void Stop() override {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    Count();
  }

 private:
  // Bug: too few bits for what may happen between a look and a sleep.
  static constexpr int kBits = kFixed ? 63 : 1;

  void Count() {
    events_ = (events_ + 1) & ((uint64_t{1} << kBits) - 1);
    counted_.notify_all();
  }
  uint64_t Events() {
    std::lock_guard<std::mutex> lock(mutex_);
    return events_;
  }

  TaskQueue queue_;
  std::mutex mutex_;
  std::condition_variable counted_;
  uint64_t events_ = 0;
  bool stopping_ = false;
};

[[maybe_unused]] const bool kRegistered = RegisterBug<GenerationWraps>({
    .name = "generation-wraps",
    .classes = "e, g",
    .mirrors = "rayon-rs/rayon#746, folly b927c0557",
    .expect = "idle-worker-with-runnable-work",
    .scenario = "rendezvous",
});

}  // namespace
}  // namespace reveille::stress::zoo

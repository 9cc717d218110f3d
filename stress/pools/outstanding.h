// Outstanding: counts what a pool has taken and not finished, and refuses what
// comes too late, for pools that do neither themselves.
#ifndef REVEILLE_STRESS_POOLS_OUTSTANDING_H_
#define REVEILLE_STRESS_POOLS_OUTSTANDING_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "stress/pools/pool.h"

namespace reveille::stress {

// Any thread. As a rule the count is touched without ordering anything, so that
// the wrapped pool's own races stay visible to ThreadSanitizer.
class Outstanding {
 public:
  // False: closed, and the caller is no task of this pool.
  bool Add() {
    // order: relaxed; a count. What is submitted is published by the pool.
    uint64_t old = state_.load(std::memory_order_relaxed);
    do {
      if ((old & kClosed) != 0 && current_ != this) return false;
      // order: relaxed; as above.
    } while (!state_.compare_exchange_weak(old, old + kOne,
                                           std::memory_order_relaxed));
    return true;
  }

  // Runs one task that was added, on a thread of the pool.
  void Run(PoolFn fn) {
    current_ = this;
    fn();
    fn = nullptr;
    current_ = nullptr;
    // order: release; pairs with CloseAndWait(): all that tasks did is seen.
    if (state_.fetch_sub(kOne, std::memory_order_release) != kClosed + kOne) {
      return;
    }
    std::lock_guard<std::mutex> lock(mutex_);
    done_ = true;
    none_.notify_all();
  }

  // Refuses from now on. False: something is outstanding at the deadline. At
  // most once.
  bool CloseAndWait(PoolClock::time_point deadline) {
    // order: acquire; pairs with Run().
    if (state_.fetch_or(kClosed, std::memory_order_acquire) == 0) return true;
    std::unique_lock<std::mutex> lock(mutex_);
    return none_.wait_until(lock, deadline, [this] { return done_; });
  }

 private:
  static constexpr uint64_t kClosed = 1;
  static constexpr uint64_t kOne = 2;

  static inline thread_local const Outstanding* current_ = nullptr;

  std::atomic<uint64_t> state_{0};
  std::mutex mutex_;
  std::condition_variable none_;
  bool done_ = false;
};

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_POOLS_OUTSTANDING_H_

// past-the-door: a task comes in after the last look at the queue.
//
// Mechanism: whoever submits asks whether the pool is shutting down, then
// counts the task, then queues it. The shutdown closes the door, sees that no
// task is open, and ends the workers. A submitter that was asked in before the
// door closed leaves its task in an empty house. Mirrors: tokio-rs/tokio#2061,
// folly ebb45e070 and b91dd2f6e
//   (CPUThreadPoolExecutor::add). Class: i, o.
// Lost by:
//   submitter   the door is open
//   stopper     closes it; 0 tasks are open; ends the workers; says "done"
//   submitter   counts 1, pushes; says "accepted"
// Expect: lost-task.
#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "stress/zoo/bug.h"

namespace reveille::stress::zoo {
namespace {

thread_local const void* current_pool = nullptr;

// A pool of its own, because the door is what is wrong.
template <bool kFixed>
class PastTheDoor final : public Pool {
 public:
  explicit PastTheDoor(int parallelism) : parallelism_(parallelism) {
    for (int i = 0; i < parallelism; ++i) {
      threads_.emplace_back([this] { Work(); });
    }
  }
  ~PastTheDoor() override {
    refusing_.store(true);
    End();
  }

  bool Submit(PoolFn fn) override {
    if (!Enter()) return false;
    std::lock_guard<std::mutex> lock(mutex_);
    queue_.push_back(std::move(fn));
    changed_.notify_all();
    return true;
  }
  int Parallelism() const override { return parallelism_; }
  bool Shutdown(PoolClock::time_point deadline) override {
    bool quiet;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      refusing_.store(true);
      quiet = changed_.wait_until(lock, deadline,
                                  [this] { return open_.load() == 0; });
    }
    End();
    return quiet;
  }

 private:
  bool Enter() {
    const bool inside = current_pool == this;
    if constexpr (kFixed) {
      // First counted, then asked: one of the two sees the other.
      open_.fetch_add(1);
      if (!refusing_.load() || inside) return true;
      Leave();
      return false;
    } else {
      // Bug: nothing shows that somebody is on the way in.
      if (refusing_.load() && !inside) return false;
      open_.fetch_add(1);
      return true;
    }
  }
  void Leave() {
    std::lock_guard<std::mutex> lock(mutex_);
    if (open_.fetch_sub(1) == 1) changed_.notify_all();
  }

  void Work() {
    current_pool = this;
    while (PoolFn fn = Next()) {
      fn();
      fn = nullptr;
      Leave();
    }
  }
  PoolFn Next() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return ending_ || !queue_.empty(); });
    if (ending_) return nullptr;
    PoolFn fn = std::move(queue_.front());
    queue_.pop_front();
    return fn;
  }
  void End() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      ending_ = true;
      changed_.notify_all();
    }
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  const int parallelism_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<PoolFn> queue_;
  std::atomic<int> open_{0};
  std::atomic<bool> refusing_{false};
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

template <bool kFixed>
absl::StatusOr<std::unique_ptr<Pool>> CreateIt(const PoolConfig& config) {
  if (config.parallelism < 1) {
    return absl::InvalidArgumentError("parallelism must be at least 1");
  }
  return std::make_unique<PastTheDoor<kFixed>>(config.parallelism);
}

[[maybe_unused]] const bool kRegistered = RegisterTwins(
    {
        .name = "past-the-door",
        .classes = "i, o",
        .mirrors = "tokio-rs/tokio#2061, folly ebb45e070",
        .expect = "lost-task",
        .scenario = "shutdown",
    },
    CreateIt<false>, CreateIt<true>);

}  // namespace
}  // namespace reveille::stress::zoo

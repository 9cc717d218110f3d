// stop-without-lock: the end is announced outside of the waiters' mutex.
//
// Mechanism: the stop flag is atomic, so it is set and notified without the
// mutex. Both fit between the look of a worker and its wait; it sleeps on, and
// whoever joins it waits for ever.
// Mirrors: bshoshany/thread-pool#108, apache/brpc#2986. Class: i.
// Lost by:
//   worker      locks, looks: no task, no stop
//   stopper     sets the flag, notifies: nobody waits
//   worker      waits
// Expect: deadlock.
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include "stress/zoo/bug.h"

namespace reveille::stress::zoo {
namespace {

template <bool kFixed>
class StopWithoutLock final : public Dispatcher {
 public:
  explicit StopWithoutLock(Crew*) {}

  void Push(int, PoolFn fn) override {
    std::lock_guard<std::mutex> lock(mutex_);
    queue_.push_back(std::move(fn));
    wake_.notify_one();
  }

  PoolFn Next(int) override {
    std::unique_lock<std::mutex> lock(mutex_);
    wake_.wait(lock, [this] { return stopping_.load() || !queue_.empty(); });
    if (stopping_.load()) return nullptr;
    PoolFn fn = std::move(queue_.front());
    queue_.pop_front();
    return fn;
  }

  void Stop() override {
    std::unique_lock<std::mutex> lock(mutex_, std::defer_lock);
    if (kFixed) lock.lock();  // Bug: without it, a worker may be past its look.
    stopping_.store(true);
    wake_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<PoolFn> queue_;
  std::atomic<bool> stopping_{false};
};

[[maybe_unused]] const bool kRegistered = RegisterBug<StopWithoutLock>({
    .name = "stop-without-lock",
    .classes = "i",
    .mirrors = "bshoshany/thread-pool#108, apache/brpc#2986",
    .expect = "deadlock",
    .scenario = "rendezvous",
});

}  // namespace
}  // namespace reveille::stress::zoo

// notify-without-lock: the predicate changes outside of the waiters' mutex.
//
// Mechanism: tasks are counted in an atomic, for speed, and the condition
// variable is notified without its mutex. The change and the notification both
// fit between a waiter's look and its wait.
// Mirrors: the shape of bshoshany/thread-pool#108, here for work instead of the
//   stop flag, and of apache/brpc#2986. Class: a.
// Lost by:
//   worker      locks, looks at the count: 0
//   submitter   counts 1, notifies: nobody waits
//   worker      waits
// Expect: idle-worker-with-runnable-work.
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "stress/zoo/bug.h"
#include "stress/zoo/task_queue.h"

namespace reveille::stress::zoo {
namespace {

template <bool kFixed>
class NotifyWithoutLock final : public Dispatcher {
 public:
  explicit NotifyWithoutLock(Crew*) {}

  void Push(int, PoolFn fn) override {
    queue_.Push(std::move(fn));
    if constexpr (kFixed) {
      std::lock_guard<std::mutex> lock(mutex_);
      count_.fetch_add(1);
    } else {
      count_.fetch_add(1);  // Bug: a waiter may be past its look.
    }
    wake_.notify_one();
  }

  PoolFn Next(int) override {
    std::unique_lock<std::mutex> lock(mutex_);
    wake_.wait(lock, [this] { return stopping_ || count_.load() > 0; });
    if (stopping_) return nullptr;
    count_.fetch_sub(1);
    return queue_.TryPop();
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
  std::atomic<int> count_{0};  // Of tasks; taken down with the mutex only.
  bool stopping_ = false;
};

[[maybe_unused]] const bool kRegistered = RegisterBug<NotifyWithoutLock>({
    .name = "notify-without-lock",
    .classes = "a",
    .mirrors = "bshoshany/thread-pool#108",
    .expect = "idle-worker-with-runnable-work",
    .scenario = "rendezvous",
});

}  // namespace
}  // namespace reveille::stress::zoo

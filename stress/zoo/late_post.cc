// late-post: the waiter is gone, and used for the next wait, when the waker
// posts to it.
//
// Mechanism: a waker puts a task into the waiter, marks it as ready, and posts.
// A waiter that sees the mark before it sleeps saves the sleep, and leaves. The
// post comes to whatever is in that place by then: here, the next wait of the
// same worker, which wakes up with nothing in its hands.
// Mirrors: abseil/abseil-cpp@9444b11e, facebook/rocksdb#4143 (one address, two
//   waiters). Class: o.
// Lost by:
//   submitter   puts task 1 into the waiter, marks it
//   worker      sees the mark, runs 1, waits again
//   submitter   posts; the worker wakes without a task
// Expect: crash.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <utility>

#include "stress/zoo/bug.h"
#include "stress/zoo/parker.h"

namespace reveille::stress::zoo {
namespace {

template <bool kFixed>
class LatePost final : public Dispatcher {
 public:
  explicit LatePost(Crew* crew)
      : waiters_(static_cast<size_t>(crew->parallelism())) {}

  void Push(int, PoolFn fn) override {
    Waiter* waiter = nullptr;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (waiting_.empty()) {
        queue_.push_back(std::move(fn));
        return;
      }
      waiter = waiting_.front();
      waiting_.pop_front();
    }
    waiter->fn = std::move(fn);
    waiter->ready.store(true);
    waiter->parker.Unpark();
  }

  PoolFn Next(int self) override {
    Waiter& own = waiters_[static_cast<size_t>(self)];
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (stopping_) return nullptr;
      if (!queue_.empty()) {
        PoolFn fn = std::move(queue_.front());
        queue_.pop_front();
        return fn;
      }
      own.ready.store(false);
      waiting_.push_back(&own);
    }
    // Bug: it leaves while a post is still to come.
    if (kFixed || !own.ready.load()) own.parker.Park();
    return Take(&own);
  }

  void Stop() override {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    for (Waiter* waiter : waiting_) waiter->parker.Unpark();
    waiting_.clear();
  }

 private:
  struct Waiter {
    PoolFn fn;
    std::atomic<bool> ready{false};
    Parker parker;
  };

  PoolFn Take(Waiter* waiter) {
    if (waiter->ready.load()) return std::exchange(waiter->fn, nullptr);
    std::lock_guard<std::mutex> lock(mutex_);
    if (stopping_) return nullptr;
    std::fputs("fatal: a worker was woken without a task\n", stderr);
    std::abort();
  }

  std::mutex mutex_;
  std::deque<Waiter> waiters_;
  std::deque<Waiter*> waiting_;
  std::deque<PoolFn> queue_;
  bool stopping_ = false;
};

[[maybe_unused]] const bool kRegistered = RegisterBug<LatePost>({
    .name = "late-post",
    .classes = "o",
    .mirrors = "abseil/abseil-cpp@9444b11e, facebook/rocksdb#4143",
    .expect = "crash",
    .scenario = "burst",
});

}  // namespace
}  // namespace reveille::stress::zoo

// wake-on-edge: one wake for many tasks.
//
// Mechanism: a task that comes to a queue which is not empty needs no wake: the
// one who was woken for the first will see it, too. It will, when it has run
// the first to its end. Mirrors: libuv/libuv#492. Class: f, c. Lost by:
//   submitter   pushes 1: the queue was empty; wakes worker A
//   submitter   pushes 2: the queue was not empty
//   worker A    takes 1, runs it; worker B sleeps
// Expect: idle-worker-with-runnable-work.
#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include "stress/zoo/bug.h"

namespace reveille::stress::zoo {
namespace {

template <bool kFixed>
class WakeOnEdge final : public Dispatcher {
 public:
  explicit WakeOnEdge(Crew*) {}

  void Push(int, PoolFn fn) override {
    std::lock_guard<std::mutex> lock(mutex_);
    const bool was_empty = queue_.empty();
    queue_.push_back(std::move(fn));
    // Bug: only the edge from empty is worth a wake.
    if (kFixed || was_empty) wake_.notify_one();
  }

  PoolFn Next(int) override {
    std::unique_lock<std::mutex> lock(mutex_);
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (stopping_) return nullptr;
    PoolFn fn = std::move(queue_.front());
    queue_.pop_front();
    return fn;
  }

  void Stop() override {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<PoolFn> queue_;
  bool stopping_ = false;
};

[[maybe_unused]] const bool kRegistered = RegisterBug<WakeOnEdge>({
    .name = "wake-on-edge",
    .classes = "f, c",
    .mirrors = "libuv/libuv#492",
    .expect = "idle-worker-with-runnable-work",
    .scenario = "rendezvous",
});

}  // namespace
}  // namespace reveille::stress::zoo

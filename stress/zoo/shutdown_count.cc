// shutdown-count: a worker is woken for the end, and sees a count that others
// have lowered.
//
// Mechanism: how many workers should be awake is one number; those with a
// smaller index stay up. To end, it is raised to all of them and everybody is
// woken; who ends takes one off. A worker that comes late to its look finds the
// number too small for its index, and goes back to sleep.
// Mirrors: ponylang/ponyc#5037; rayon-rs/rayon#200 (an end that wakes nobody).
//   Class: i.
// Lost by:
//   stopper     sets the number to 2, wakes 0 and 1
//   worker 0    0 < 2: ends; the number is 1
//   worker 1    1 < 1 is false: sleeps
// Expect: deadlock.
#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include "stress/zoo/bug.h"

namespace reveille::stress::zoo {
namespace {

template <bool kFixed>
class ShutdownCount final : public Dispatcher {
 public:
  explicit ShutdownCount(Crew* crew) : workers_(crew->parallelism()) {}

  void Push(int, PoolFn fn) override {
    std::lock_guard<std::mutex> lock(mutex_);
    queue_.push_back(std::move(fn));
    wake_.notify_one();
  }

  PoolFn Next(int self) override {
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
      if (MayEnd(self)) {
        --wanted_awake_;
        return nullptr;
      }
      if (!queue_.empty() && wanted_awake_ == 0) break;
      wake_.wait(lock);
    }
    PoolFn fn = std::move(queue_.front());
    queue_.pop_front();
    return fn;
  }

  void Stop() override {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    wanted_awake_ = workers_;
    wake_.notify_all();
  }

 private:
  // Bug: the number changes while it is being read by those it is meant for.
  bool MayEnd(int self) const {
    return kFixed ? stopping_ : self < wanted_awake_;
  }

  const int workers_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<PoolFn> queue_;
  int wanted_awake_ = 0;  // Besides those with tasks.
  bool stopping_ = false;
};

[[maybe_unused]] const bool kRegistered = RegisterBug<ShutdownCount>({
    .name = "shutdown-count",
    .classes = "i",
    .mirrors = "ponylang/ponyc#5037, rayon-rs/rayon#200",
    .expect = "deadlock",
    .scenario = "rendezvous",
});

}  // namespace
}  // namespace reveille::stress::zoo

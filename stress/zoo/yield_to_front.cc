// yield-to-front: who gives way is the next one to run.
//
// Mechanism: a yielded task is put where its own worker looks first, for warm
// caches. It yields, is taken, yields; the tasks behind it are never reached.
// Mirrors: golang/go#13546 (Gosched), tokio-rs/tokio#5686 and tokio-rs/
//   tokio#2349 (LIFO slot ping-pong). Class: n, j.
// Goes round by:
//   submitter   pushes 1, which yields until 2 has run; pushes 2
//   worker      runs 1; 1 yields: to the front; takes 1; ...
// Expect: livelock (round and round, with nothing new).
#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include "stress/zoo/bug.h"

namespace reveille::stress::zoo {
namespace {

template <bool kFixed>
class YieldToFront final : public Dispatcher {
 public:
  explicit YieldToFront(Crew*) {}

  void Push(int, PoolFn fn) override {
    std::lock_guard<std::mutex> lock(mutex_);
    queue_.push_back(std::move(fn));
    wake_.notify_one();
  }

  bool TakesYields() const override { return true; }
  void PushYielded(int, PoolFn fn) override {
    std::lock_guard<std::mutex> lock(mutex_);
    if (kFixed) {
      queue_.push_back(std::move(fn));
    } else {
      queue_.push_front(std::move(fn));  // Bug: it gives way to nobody.
    }
    wake_.notify_one();
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

[[maybe_unused]] const bool kRegistered = RegisterBug<YieldToFront>({
    .name = "yield-to-front",
    .classes = "n, j",
    .mirrors = "golang/go#13546, tokio-rs/tokio#5686",
    .expect = "livelock",
    .scenario = "giveway",
});

}  // namespace
}  // namespace reveille::stress::zoo

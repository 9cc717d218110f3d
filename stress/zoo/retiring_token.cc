// retiring-token: a worker is told to work and to go, and goes.
//
// Mechanism: a pool that shrinks retires its last workers. One of them has just
// been woken for a task. It sees that it is one too many and retires, and with
// it the wake, although the others sleep.
// Mirrors: ponylang/ponyc#5037 (a woken thread counts again), ponylang/
//   ponyc#2926, tokio-rs/tokio#795 (a permit that its holder has no use for).
//   Class: e.
// Lost by:
//   submitter   pushes 1, takes worker 1 off the list of sleepers, wakes it
//   resizer     sets the size to 1
//   worker 1    1 is not below 1: retires; worker 0 sleeps beside the task
// Expect: idle-worker-with-runnable-work.
#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>
#include <vector>

#include "stress/zoo/bug.h"

namespace reveille::stress::zoo {
namespace {

template <bool kFixed>
class RetiringToken final : public Dispatcher, private ResizablePool {
 public:
  explicit RetiringToken(Crew* crew)
      : crew_(crew),
        beds_(static_cast<size_t>(crew->parallelism())),
        size_(crew->parallelism()),
        started_(size_) {}

  ResizablePool* AsResizable() override { return this; }
  int ParallelismOf(int) const override {
    Lock lock(mutex_);
    return size_;
  }
  void Resize(int size) override {
    Lock lock(mutex_);
    std::swap(size, size_);
    for (; started_ < size_; ++started_) {
      beds_.emplace_back();
      crew_->AddWorker();
    }
    // Those who retired come back; those who retire leave the list.
    for (int i = size; i < size_; ++i) Wake(i);
    std::erase_if(sleepers_, [this](int worker) { return worker >= size_; });
  }

  void Push(int, PoolFn fn) override {
    Lock lock(mutex_);
    queue_.push_back(std::move(fn));
    WakeOne();
  }

  PoolFn Next(int self) override {
    Lock lock(mutex_);
    Bed& own = beds_[static_cast<size_t>(self)];
    while (!stopping_) {
      const bool retires = self >= size_;
      if (!retires && !queue_.empty()) return Pop();
      // Bug: it may have been woken for something.
      if (kFixed && retires && !queue_.empty()) WakeOne();
      if (!retires) sleepers_.push_back(self);
      own.wake.wait(lock, [&] { return stopping_ || own.woken; });
      own.woken = false;
      std::erase(sleepers_, self);
    }
    return nullptr;
  }

  void Stop() override {
    Lock lock(mutex_);
    stopping_ = true;
    for (Bed& bed : beds_) bed.wake.notify_one();
  }

 private:
  using Lock = std::unique_lock<std::mutex>;
  struct Bed {
    bool woken = false;
    std::condition_variable wake;
  };

  void Wake(int worker) {
    Bed& bed = beds_[static_cast<size_t>(worker)];
    bed.woken = true;
    bed.wake.notify_one();
  }
  void WakeOne() {
    if (sleepers_.empty()) return;
    const int worker = sleepers_.back();
    sleepers_.pop_back();
    Wake(worker);
  }
  PoolFn Pop() {
    PoolFn fn = std::move(queue_.front());
    queue_.pop_front();
    return fn;
  }

  Crew* const crew_;
  mutable std::mutex mutex_;
  std::deque<PoolFn> queue_;
  std::deque<Bed> beds_;
  std::vector<int> sleepers_;  // Of those below size_.
  int size_;
  int started_;
  bool stopping_ = false;
};

[[maybe_unused]] const bool kRegistered = RegisterBug<RetiringToken>({
    .name = "retiring-token",
    .classes = "e",
    .mirrors = "ponylang/ponyc#5037, tokio-rs/tokio#795",
    .expect = "idle-worker-with-runnable-work",
    .scenario = "resize",
});

}  // namespace
}  // namespace reveille::stress::zoo

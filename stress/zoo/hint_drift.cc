// hint-drift: the number of sleepers goes down twice for one of them.
//
// Mechanism: a count of sleepers is kept beside the marks of who sleeps, so
// that nobody looks at the marks in vain. Whoever wakes a sleeper takes it off
// the count. A worker that finds work in its last look does so as well, without
// asking whether it has been woken already. The count meant as a hint decides
// about every wake.
// Mirrors: lewissbaker/cppcoro#114, dotnet/runtime#128879, uxlfoundation/
//   oneTBB#1281. Class: g.
// Lost by:
//   worker A    sleeps: count 1
//   worker B    marks itself: count 2; looks again: task 1
//   submitter   (of 1) claims B: count 1; worker B takes itself off: count 0
//   submitter   pushes 2; the count is 0: wakes nobody
// Expect: idle-worker-with-runnable-work.
#include <atomic>
#include <deque>
#include <utility>

#include "stress/zoo/bug.h"
#include "stress/zoo/parker.h"
#include "stress/zoo/task_queue.h"

namespace reveille::stress::zoo {
namespace {

template <bool kFixed>
class HintDrift final : public Dispatcher {
 public:
  explicit HintDrift(Crew* crew)
      : beds_(static_cast<size_t>(crew->parallelism())) {}

  void Push(int, PoolFn fn) override {
    queue_.Push(std::move(fn));
    if (sleepers_.load() > 0) WakeOne();
  }

  PoolFn Next(int self) override {
    Bed& own = beds_[static_cast<size_t>(self)];
    while (!stopping_.load()) {
      if (PoolFn fn = queue_.TryPop()) return fn;
      sleepers_.fetch_add(1);
      own.asleep.store(true);
      if (queue_.Empty() && !stopping_.load()) {
        own.parker.Park();
        continue;
      }
      const bool mine = own.asleep.exchange(false);
      // Bug: who was claimed is off the count already.
      if (!kFixed || mine) sleepers_.fetch_sub(1);
      if (!mine) own.parker.Park();  // Takes the permit that is on the way.
    }
    return nullptr;
  }

  void Stop() override {
    stopping_.store(true);
    for (Bed& bed : beds_) bed.parker.Unpark();
  }

 private:
  struct Bed {
    std::atomic<bool> asleep{false};
    Parker parker;
  };

  void WakeOne() {
    for (Bed& bed : beds_) {
      if (!bed.asleep.exchange(false)) continue;
      sleepers_.fetch_sub(1);
      bed.parker.Unpark();
      return;
    }
  }

  TaskQueue queue_;
  std::deque<Bed> beds_;
  std::atomic<int> sleepers_{0};
  std::atomic<bool> stopping_{false};
};

[[maybe_unused]] const bool kRegistered = RegisterBug<HintDrift>({
    .name = "hint-drift",
    .classes = "g",
    .mirrors = "lewissbaker/cppcoro#114, dotnet/runtime#128879",
    .expect = "idle-worker-with-runnable-work",
    .scenario = "rendezvous",
});

}  // namespace
}  // namespace reveille::stress::zoo

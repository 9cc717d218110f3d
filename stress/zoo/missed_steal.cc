// missed-steal: a queue that is locked is taken for an empty one.
//
// Mechanism: thieves only try the lock of a queue, and go on if they cannot
// have it. The second look before the sleep does the same. The queue is not
// empty; somebody else is just busy with it. The worker that was woken for the
// task goes back to sleep. Mirrors: Eigen bc19ba490c (RunQueue),
// dotnet/runtime#68171. Class: l, e. Lost by:
//   submitter   pushes 1 and 2, wakes A and B
//   worker A    locks the queue to take 1
//   worker B    fails twice to lock it; sleeps
//   worker A    runs 1, which waits for 2
// Expect: idle-worker-with-runnable-work.
#include <deque>
#include <mutex>
#include <utility>

#include "stress/zoo/bug.h"
#include "stress/zoo/event_count.h"

namespace reveille::stress::zoo {
namespace {

template <bool kFixed>
class MissedSteal final : public Dispatcher {
 public:
  explicit MissedSteal(Crew*) {}

  void Push(int, PoolFn fn) override {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      queue_.push_back(std::move(fn));
    }
    events_.NotifyOne();
  }

  PoolFn Next(int) override {
    while (!events_.closed()) {
      if (PoolFn fn = Steal()) return fn;
      const EventCount::Key key = events_.Prepare();
      if (PoolFn fn = Steal()) return fn;
      events_.Wait(key);
    }
    return nullptr;
  }

  void Stop() override { events_.Close(); }

 private:
  PoolFn Steal() {
    std::unique_lock<std::mutex> lock(mutex_, std::defer_lock);
    if constexpr (kFixed) {
      lock.lock();
    } else if (!lock.try_lock()) {
      return nullptr;  // Bug: "busy" is not "empty".
    }
    if (queue_.empty()) return nullptr;
    PoolFn fn = std::move(queue_.front());
    queue_.pop_front();
    return fn;
  }

  std::mutex mutex_;
  std::deque<PoolFn> queue_;
  EventCount events_;
};

[[maybe_unused]] const bool kRegistered = RegisterBug<MissedSteal>({
    .name = "missed-steal",
    .classes = "l, e",
    .mirrors = "Eigen bc19ba490c, dotnet/runtime#68171",
    .expect = "idle-worker-with-runnable-work",
    .scenario = "rendezvous",
});

}  // namespace
}  // namespace reveille::stress::zoo

// private-block: a worker takes several tasks at once, for itself alone.
//
// Mechanism: to be cheap, a worker takes a block of tasks from the common queue
// and runs them one after the other from a list of its own, which the others
// cannot see. If the first takes long, or waits for the second, the rest of the
// block waits beside idle workers.
// Mirrors: NVIDIA/stdexec#1305; the per-worker inbox of tokio-rs/tokio#621.
//   Class: j.
// Lost by:
//   submitter   pushes 1 and 2
//   worker A    takes 1 and 2, runs 1, which waits for 2
//   worker B    is woken, finds the queue empty; sleeps
// Expect: idle-worker-with-runnable-work.
#include <deque>
#include <utility>

#include "stress/zoo/bug.h"
#include "stress/zoo/event_count.h"
#include "stress/zoo/task_queue.h"

namespace reveille::stress::zoo {
namespace {

template <bool kFixed>
class PrivateBlock final : public Dispatcher {
 public:
  explicit PrivateBlock(Crew* crew)
      : blocks_(static_cast<size_t>(crew->parallelism())) {}

  void Push(int, PoolFn fn) override {
    queue_.Push(std::move(fn));
    events_.NotifyOne();
  }

  PoolFn Next(int self) override {
    while (!events_.closed()) {
      if (PoolFn fn = Search(static_cast<size_t>(self))) return fn;
      const EventCount::Key key = events_.Prepare();
      if (PoolFn fn = Search(static_cast<size_t>(self))) return fn;
      events_.Wait(key);
    }
    return nullptr;
  }

  void Stop() override { events_.Close(); }

 private:
  static constexpr int kMore = 1;  // Besides the first of a block.

  PoolFn Search(size_t self) {
    if (PoolFn fn = blocks_[self].TryPop()) return fn;
    if (PoolFn fn = queue_.TryPop()) {
      TakeMore(self);
      return fn;
    }
    // Bug: what is in the blocks of the others is theirs.
    for (size_t i = 0; kFixed && i < blocks_.size(); ++i) {
      if (PoolFn fn = blocks_[i].TryPop()) return fn;
    }
    return nullptr;
  }

  void TakeMore(size_t self) {
    for (int i = 0; i < kMore; ++i) {
      PoolFn fn = queue_.TryPop();
      if (!fn) return;
      blocks_[self].Push(std::move(fn));
      // Between the queues it could not be seen.
      if (kFixed) events_.NotifyOne();
    }
  }

  TaskQueue queue_;
  std::deque<TaskQueue> blocks_;
  EventCount events_;
};

[[maybe_unused]] const bool kRegistered = RegisterBug<PrivateBlock>({
    .name = "private-block",
    .classes = "j",
    .mirrors = "NVIDIA/stdexec#1305, tokio-rs/tokio#621",
    .expect = "idle-worker-with-runnable-work",
    .scenario = "rendezvous",
});

}  // namespace
}  // namespace reveille::stress::zoo

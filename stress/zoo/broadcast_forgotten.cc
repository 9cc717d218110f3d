// broadcast-forgotten: a new kind of queue, and the old final check.
//
// Mechanism: tasks come in two ways, by a common queue and, for batches, by a
// queue for each worker. The search knows both; the check between the
// announcement and the sleep was written before there were batches.
// Mirrors: rayon-rs/rayon#992; golang/go#55160 is its mirror image (only the
//   queues of the workers were checked). Class: b.
// Lost by:
//   worker      searches: nothing
//   submitter   pushes a batch, notifies
//   worker      takes the key, checks the common queue: nothing; sleeps
// Expect: idle-worker-with-runnable-work.
#include <algorithm>
#include <utility>
#include <vector>

#include "stress/zoo/bug.h"
#include "stress/zoo/event_count.h"
#include "stress/zoo/task_queue.h"

namespace reveille::stress::zoo {
namespace {

template <bool kFixed>
class BroadcastForgotten final : public Dispatcher {
 public:
  explicit BroadcastForgotten(Crew* crew)
      : own_(static_cast<size_t>(crew->parallelism())) {}

  void Push(int, PoolFn fn) override {
    common_.Push(std::move(fn));
    events_.NotifyOne();
  }

  bool TakesBatches() const override { return true; }
  void PushBatch(int, std::vector<PoolFn> fns) override {
    for (size_t i = 0; i < fns.size(); ++i) {
      own_[i % own_.size()].Push(std::move(fns[i]));
    }
    events_.NotifyAll();
  }

  PoolFn Next(int self) override {
    while (!events_.closed()) {
      if (PoolFn fn = Search(static_cast<size_t>(self))) return fn;
      const EventCount::Key key = events_.Prepare();
      if (!common_.Empty()) continue;
      // Bug: only the common queue was checked.
      if (kFixed && HasBatches()) continue;
      events_.Wait(key);
    }
    return nullptr;
  }

  void Stop() override { events_.Close(); }

 private:
  PoolFn Search(size_t self) {
    for (size_t i = 0; i < own_.size(); ++i) {
      if (PoolFn fn = own_[(self + i) % own_.size()].TryPop()) return fn;
    }
    return common_.TryPop();
  }
  bool HasBatches() const {
    return std::any_of(own_.begin(), own_.end(),
                       [](const TaskQueue& queue) { return !queue.Empty(); });
  }

  TaskQueue common_;
  std::vector<TaskQueue> own_;
  EventCount events_;
};

[[maybe_unused]] const bool kRegistered = RegisterBug<BroadcastForgotten>({
    .name = "broadcast-forgotten",
    .classes = "b",
    .mirrors = "rayon-rs/rayon#992, golang/go#55160",
    .expect = "idle-worker-with-runnable-work",
    .scenario = "rendezvous",
});

}  // namespace
}  // namespace reveille::stress::zoo

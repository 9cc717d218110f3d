// lifo-slot: the next task of a busy worker lies where nobody may take it.
//
// Mechanism: a task that a task submits goes into a slot of its worker, to run
// next, with warm caches. Only the worker itself looks there. If its task goes
// on for long, or waits for the one in the slot, that one waits beside idle
// workers.
// Mirrors: tokio-rs/tokio#4941, tokio-rs/tokio#6596. Class: j.
// Lost by:
//   worker A    runs 1, which submits 2 into the slot, and waits for 2
//   worker B    is woken, may not look into the slot of A; sleeps
// Expect: idle-worker-with-runnable-work.
#include <deque>
#include <mutex>
#include <utility>

#include "stress/zoo/bug.h"
#include "stress/zoo/event_count.h"
#include "stress/zoo/task_queue.h"

namespace reveille::stress::zoo {
namespace {

// Holds the newest task; the one before it is pushed out.
class Slot {
 public:
  PoolFn Exchange(PoolFn fn) {
    std::lock_guard<std::mutex> lock(mutex_);
    return std::exchange(fn_, std::move(fn));
  }

 private:
  std::mutex mutex_;
  PoolFn fn_;
};

template <bool kFixed>
class LifoSlot final : public Dispatcher {
 public:
  explicit LifoSlot(Crew* crew)
      : slots_(static_cast<size_t>(crew->parallelism())) {}

  void Push(int submitter, PoolFn fn) override {
    if (submitter != kOutside) {
      fn = slots_[static_cast<size_t>(submitter)].Exchange(std::move(fn));
    }
    if (fn) queue_.Push(std::move(fn));
    events_.NotifyOne();
  }

  PoolFn Next(int self) override {
    while (!events_.closed()) {
      if (PoolFn fn = Search(self)) return fn;
      const EventCount::Key key = events_.Prepare();
      if (PoolFn fn = Search(self)) return fn;
      events_.Wait(key);
    }
    return nullptr;
  }

  void Stop() override { events_.Close(); }

 private:
  PoolFn Search(int self) {
    PoolFn fn = slots_[static_cast<size_t>(self)].Exchange(nullptr);
    if (!fn) fn = queue_.TryPop();
    if constexpr (kFixed) {
      for (Slot& slot : slots_) {
        if (!fn) fn = slot.Exchange(nullptr);
      }
    }  // Bug: the slots of the others are theirs.
    return fn;
  }

  TaskQueue queue_;
  std::deque<Slot> slots_;
  EventCount events_;
};

[[maybe_unused]] const bool kRegistered = RegisterBug<LifoSlot>({
    .name = "lifo-slot",
    .classes = "j",
    .mirrors = "tokio-rs/tokio#4941, tokio-rs/tokio#6596",
    .expect = "idle-worker-with-runnable-work",
    .scenario = "rendezvous",
});

}  // namespace
}  // namespace reveille::stress::zoo

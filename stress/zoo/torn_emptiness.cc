// torn-emptiness: two places are read one after the other, and a task moves
// from the second to the first in between.
//
// Mechanism: each worker has a slot for its next task and a queue behind it; a
// new task pushes the one in the slot out into the queue. A thief that asks
// whether there is anything looks into the queue, then into the slot. A queue
// that was never empty looks empty.
// Mirrors: golang/go@fcd7c02c70 (runqempty: ring, then runnext). Class: l.
// A push to a worker that has something already wakes nobody: a thief is on its
// way for that, and whoever steals wakes the next if there is more.
// Lost by:
//   worker A    its task pushes 1 into the slot, wakes B
//   worker B    looks into the queue of A: empty
//   worker A    its task pushes 2: 1 moves to the queue; the task ends; A takes
//   2 worker B    looks into the slot: empty; sleeps. 2 waits for 1
// Expect: idle-worker-with-runnable-work.
#include <cstdint>
#include <deque>
#include <mutex>
#include <utility>

#include "stress/zoo/bug.h"
#include "stress/zoo/event_count.h"

namespace reveille::stress::zoo {
namespace {

template <bool kFixed>
class WorkerQueue {
 public:
  // True: the slot was empty, so that no thief is on his way for it.
  bool Push(PoolFn fn) {
    std::lock_guard<std::mutex> lock(queue_mutex_);
    PoolFn older = Exchange(std::move(fn));
    if (!older) return true;
    queue_.push_back(std::move(older));
    ++pushed_out_;
    return false;
  }
  PoolFn TryPop() {
    if (PoolFn fn = Exchange(nullptr)) return fn;
    std::lock_guard<std::mutex> lock(queue_mutex_);
    if (queue_.empty()) return nullptr;
    PoolFn fn = std::move(queue_.front());
    queue_.pop_front();
    return fn;
  }
  bool Empty() {
    while (true) {
      uint64_t seen;
      {
        std::lock_guard<std::mutex> lock(queue_mutex_);
        if (!queue_.empty()) return false;
        seen = pushed_out_;
      }
      if (!SlotIsEmpty()) return false;
      // Bug: what was in the slot may be in the queue by now.
      if (!kFixed || PushedOut() == seen) return true;
    }
  }

 private:
  PoolFn Exchange(PoolFn fn) {
    std::lock_guard<std::mutex> lock(slot_mutex_);
    return std::exchange(slot_, std::move(fn));
  }
  bool SlotIsEmpty() {
    std::lock_guard<std::mutex> lock(slot_mutex_);
    return !slot_;
  }
  uint64_t PushedOut() {
    std::lock_guard<std::mutex> lock(queue_mutex_);
    return pushed_out_;
  }

  std::mutex slot_mutex_;
  PoolFn slot_;
  std::mutex queue_mutex_;
  std::deque<PoolFn> queue_;
  uint64_t pushed_out_ = 0;
};

template <bool kFixed>
class TornEmptiness final : public Dispatcher {
 public:
  explicit TornEmptiness(Crew* crew)
      : queues_(static_cast<size_t>(crew->parallelism()) + 1) {}

  // The last queue is for those from outside.
  void Push(int submitter, PoolFn fn) override {
    const bool inside = submitter != kOutside;
    const size_t to =
        inside ? static_cast<size_t>(submitter) : queues_.size() - 1;
    const bool is_news = queues_[to].Push(std::move(fn));
    if (is_news || !inside) events_.NotifyOne();
  }

  PoolFn Next(int self) override {
    while (!events_.closed()) {
      const EventCount::Key key = events_.Prepare();
      if (PoolFn fn = queues_[static_cast<size_t>(self)].TryPop()) return fn;
      if (PoolFn fn = Steal()) return fn;
      events_.Wait(key);
    }
    return nullptr;
  }

  void Stop() override { events_.Close(); }

 private:
  PoolFn Steal() {
    for (auto& queue : queues_) {
      if (queue.Empty()) continue;
      PoolFn fn = queue.TryPop();
      if (!fn) continue;
      if (!queue.Empty()) events_.NotifyOne();
      return fn;
    }
    return nullptr;
  }

  std::deque<WorkerQueue<kFixed>> queues_;
  EventCount events_;
};

[[maybe_unused]] const bool kRegistered = RegisterBug<TornEmptiness>({
    .name = "torn-emptiness",
    .classes = "l",
    .mirrors = "golang/go@fcd7c02c70",
    .expect = "idle-worker-with-runnable-work",
    .scenario = "errand",
});

}  // namespace
}  // namespace reveille::stress::zoo

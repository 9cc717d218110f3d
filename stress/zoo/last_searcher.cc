// last-searcher: the last one that searches does not look again.
//
// Mechanism: whoever submits wakes nobody while a worker searches, because the
// searcher will find the task. The searcher has looked everywhere already; it
// takes itself off the count and sleeps.
// Mirrors: golang/go#45867 and golang/go#55160 (the recheck that came with the
//   protocol, and what it forgot), ysbaddaden/execution_context#18,
//   ponylang/ponyc#2561. Class: b, c.
// Lost by:
//   worker      searches: nothing
//   submitter   pushes; 1 worker searches: wakes nobody
//   worker      stops searching: 0; sleeps
// Expect: idle-worker-with-runnable-work.
#include <atomic>
#include <utility>

#include "stress/zoo/bug.h"
#include "stress/zoo/event_count.h"
#include "stress/zoo/task_queue.h"

namespace reveille::stress::zoo {
namespace {

template <bool kFixed>
class LastSearcher final : public Dispatcher {
 public:
  explicit LastSearcher(Crew*) {}

  void Push(int, PoolFn fn) override {
    queue_.Push(std::move(fn));
    if (searching_.load() == 0) events_.NotifyOne();
  }

  PoolFn Next(int) override {
    while (!events_.closed()) {
      searching_.fetch_add(1);
      if (PoolFn fn = queue_.TryPop()) {
        // Those who submitted meanwhile relied on this search.
        if (searching_.fetch_sub(1) == 1 && !queue_.Empty()) {
          events_.NotifyOne();
        }
        return fn;
      }
      const EventCount::Key key = events_.Prepare();
      searching_.fetch_sub(1);
      // Bug: no look after the count went down.
      if (kFixed && !queue_.Empty()) continue;
      events_.Wait(key);
    }
    return nullptr;
  }

  void Stop() override { events_.Close(); }

 private:
  TaskQueue queue_;
  EventCount events_;
  std::atomic<int> searching_{0};
};

[[maybe_unused]] const bool kRegistered = RegisterBug<LastSearcher>({
    .name = "last-searcher",
    .classes = "b, c",
    .mirrors = "golang/go#45867, golang/go#55160",
    .expect = "idle-worker-with-runnable-work",
    .scenario = "rendezvous",
});

}  // namespace
}  // namespace reveille::stress::zoo

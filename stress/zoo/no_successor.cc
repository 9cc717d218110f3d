// no-successor: the only searcher goes to work, and nobody searches after it.
//
// Mechanism: one searcher is enough, so whoever submits wakes nobody while
// there is one. It finds one task and runs it. The others, which were submitted
// in its time, wait until somebody comes by. Mirrors: golang/go#5586 (a
// searcher that finds work wakes the next one),
//   ponylang/ponyc#3151, openjdk/jdk#10198. Class: c.
// Lost by:
//   submitter   pushes 1, wakes a worker, which starts to search
//   submitter   pushes 2; a worker searches: wakes nobody
//   worker      takes 1, stops searching, runs it; the other worker sleeps
// Expect: idle-worker-with-runnable-work.
#include <atomic>
#include <utility>

#include "stress/zoo/bug.h"
#include "stress/zoo/event_count.h"
#include "stress/zoo/task_queue.h"

namespace reveille::stress::zoo {
namespace {

template <bool kFixed>
class NoSuccessor final : public Dispatcher {
 public:
  explicit NoSuccessor(Crew*) {}

  void Push(int, PoolFn fn) override {
    queue_.Push(std::move(fn));
    if (searching_.load() == 0) events_.NotifyOne();
  }

  PoolFn Next(int) override {
    while (!events_.closed()) {
      searching_.fetch_add(1);
      PoolFn fn = queue_.TryPop();
      const EventCount::Key key = events_.Prepare();
      const bool was_last = searching_.fetch_sub(1) == 1;
      if (fn) {
        // Bug: nobody takes its place.
        if (kFixed && was_last && !queue_.Empty()) events_.NotifyOne();
        return fn;
      }
      if (queue_.Empty()) events_.Wait(key);
    }
    return nullptr;
  }

  void Stop() override { events_.Close(); }

 private:
  TaskQueue queue_;
  EventCount events_;
  std::atomic<int> searching_{0};
};

[[maybe_unused]] const bool kRegistered = RegisterBug<NoSuccessor>({
    .name = "no-successor",
    .classes = "c",
    .mirrors = "golang/go#5586, ponylang/ponyc#3151",
    .expect = "idle-worker-with-runnable-work",
    .scenario = "rendezvous",
});

}  // namespace
}  // namespace reveille::stress::zoo

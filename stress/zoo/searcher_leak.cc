// searcher-leak: the last look finds something, and the count stays up.
//
// Mechanism: as long as somebody searches, whoever submits wakes nobody. A
// worker that finds work in its last look before the sleep counts itself as
// searching again; the search that follows does so, too. From then on somebody
// searches for ever, on paper.
// Mirrors: lalinsky/zio#562, dotnet/runtime#128879 (a worker asleep that counts
//   as working). Class: g.
// With rescuers the sleep has a limit of 10 ms, as in many pools: it hides the
// loss.
// Lost by:
//   worker      stops searching, looks again: task 1; searching 1, then 2
//   worker      runs 1, searches, finds nothing; searching 1; sleeps
//   submitter   pushes 2; 1 worker searches: wakes nobody, now and ever after
// Expect: idle-worker-with-runnable-work.
#include <atomic>
#include <utility>

#include "stress/zoo/bug.h"
#include "stress/zoo/event_count.h"
#include "stress/zoo/task_queue.h"

namespace reveille::stress::zoo {
namespace {

template <bool kFixed>
class SearcherLeak final : public Dispatcher {
 public:
  explicit SearcherLeak(Crew* crew) : rescuers_(crew->rescuers()) {}

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
      const bool more = !queue_.Empty();
      if (fn) {
        if (was_last && more) events_.NotifyOne();
        return fn;
      }
      if (!more) {
        Sleep(key);
      } else if (!kFixed) {
        searching_.fetch_add(1);  // Bug: the next search counts itself, too.
      }
    }
    return nullptr;
  }

  void Stop() override { events_.Close(); }

 private:
  void Sleep(EventCount::Key key) {
    if (rescuers_) {
      events_.WaitBriefly(key);
    } else {
      events_.Wait(key);
    }
  }

  const bool rescuers_;
  TaskQueue queue_;
  EventCount events_;
  std::atomic<int> searching_{0};
};

[[maybe_unused]] const bool kRegistered = RegisterBug<SearcherLeak>({
    .name = "searcher-leak",
    .classes = "g",
    .mirrors = "lalinsky/zio#562, dotnet/runtime#128879",
    .expect = "idle-worker-with-runnable-work",
    .scenario = "rendezvous",
});

}  // namespace
}  // namespace reveille::stress::zoo

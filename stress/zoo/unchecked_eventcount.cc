// unchecked-eventcount: sleeps without the second look.
//
// Mechanism: a worker looks, finds nothing, and only then announces that it is
// going to sleep. Whoever submits in between notifies nobody, because nobody
// had announced himself. Each side believes that the other one will look.
// Mirrors: dotnet/runtime#121887 (the relaxed handshake of three pools),
//   PaddlePaddle/Paddle#41567, golang/go#14179. Class: a.
// Lost by:
//   worker      looks: nothing
//   submitter   pushes, notifies: epoch 1
//   worker      takes the key: epoch 1; sleeps until epoch 2
// Expect: idle-worker-with-runnable-work.
#include <utility>

#include "stress/zoo/bug.h"
#include "stress/zoo/event_count.h"
#include "stress/zoo/task_queue.h"

namespace reveille::stress::zoo {
namespace {

template <bool kFixed>
class UncheckedEventcount final : public Dispatcher {
 public:
  explicit UncheckedEventcount(Crew*) {}

  void Push(int, PoolFn fn) override {
    queue_.Push(std::move(fn));
    events_.NotifyOne();
  }

  PoolFn Next(int) override {
    while (!events_.closed()) {
      if (PoolFn fn = queue_.TryPop()) return fn;
      const EventCount::Key key = events_.Prepare();
      // Bug: no look between the key and the wait.
      if (kFixed && !queue_.Empty()) continue;
      events_.Wait(key);
    }
    return nullptr;
  }

  void Stop() override { events_.Close(); }

 private:
  TaskQueue queue_;
  EventCount events_;
};

[[maybe_unused]] const bool kRegistered = RegisterBug<UncheckedEventcount>({
    .name = "unchecked-eventcount",
    .classes = "a",
    .mirrors = "dotnet/runtime#121887, PaddlePaddle/Paddle#41567",
    .expect = "idle-worker-with-runnable-work",
    .scenario = "rendezvous",
});

}  // namespace
}  // namespace reveille::stress::zoo

// edge-swallowed: readiness that comes between the look and the wait.
//
// Mechanism: descriptors are watched by edges, and an edge is reported once.
// Who begins to wait looks whether the descriptor is ready, then enters the
// wait. An edge in between finds nobody who waits, is dropped, and never comes
// again. Mirrors: tokio-rs/tokio#6133 (a fresh readiness erased by a clear that
// was
//   based on an older look), golang/go#45211. Class: h, e.
// Lost by:
//   waiter      looks: not ready
//   peer        writes: the edge
//   poller      takes the edge: nobody waits for this descriptor
//   waiter      enters the wait
// Expect: idle-worker-with-runnable-work (the event is due, so its task counts
// as submitted).
#include <memory>
#include <utility>

#include "stress/zoo/bug.h"
#include "stress/zoo/edge_poller.h"
#include "stress/zoo/event_count.h"
#include "stress/zoo/task_queue.h"

namespace reveille::stress::zoo {
namespace {

template <bool kFixed>
class Poller final : public EdgePoller {
 public:
  using EdgePoller::EdgePoller;

 private:
  void Begin(int fd, Direction direction, std::unique_ptr<Wait> wait) override {
    // Bug: with the mutex free, an edge may be dealt with after this look and
    // before there is a wait.
    const bool was_ready = !kFixed && IsReady(fd, direction);
    Lock lock(mutex());
    if (was_ready || (kFixed && IsReady(fd, direction))) {
      Finish(std::move(wait), Event::kReady);
    } else {
      Install(fd, direction, std::move(wait));
    }
  }
};

template <bool kFixed>
class EdgeSwallowed final : public Dispatcher {
 public:
  explicit EdgeSwallowed(Crew* crew)
      : poller_([this, crew](PoolFn fn) {
          Push(kOutside, crew->Counted(std::move(fn)));
        }) {}

  NetpollPool* AsNetpoll() override { return &poller_; }

  void Push(int, PoolFn fn) override {
    queue_.Push(std::move(fn));
    events_.NotifyOne();
  }

  PoolFn Next(int) override {
    while (!events_.closed()) {
      const EventCount::Key key = events_.Prepare();
      if (PoolFn fn = queue_.TryPop()) return fn;
      events_.Wait(key);
    }
    return nullptr;
  }

  void Stop() override {
    events_.Close();
    poller_.Stop();
  }

 private:
  TaskQueue queue_;
  EventCount events_;
  Poller<kFixed> poller_;
};

[[maybe_unused]] const bool kRegistered = RegisterBug<EdgeSwallowed>({
    .name = "edge-swallowed",
    .classes = "h, e",
    .mirrors = "tokio-rs/tokio#6133, golang/go#45211",
    .expect = "idle-worker-with-runnable-work",
    .scenario = "readyrace",
});

}  // namespace
}  // namespace reveille::stress::zoo

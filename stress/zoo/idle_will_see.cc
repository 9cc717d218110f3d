// idle-will-see: a task blocks, and its permit is left to an idle worker that
// nobody tells.
//
// Mechanism: a task that is about to block gives up its permit. If a worker is
// idle, no further thread is needed; so nothing is done. But the idle worker
// sleeps: it was told of the waiting tasks when there was no permit, and has
// gone back to sleep.
// Mirrors: golang/go@cb945ba6ba (the hand-over refused help because "someone is
//   idle or spinning", with work in the queue), tokio-rs/tokio#6596. Class: k,
//   c.
// Lost by:
//   worker C    idle, is told of task 2, finds no permit, sleeps
//   task 1      blocks until 2 has run; a worker is idle: tells nobody
// Expect: deadlock (task 1 is no running task, but counting tasks takes it for
// one), or livelock where another task spins until the one that waits has run.
#include "stress/zoo/blocking_dispatcher.h"
#include "stress/zoo/bug.h"

namespace reveille::stress::zoo {
namespace {

template <bool kFixed>
class IdleWillSee final : public BlockingDispatcher {
 public:
  using BlockingDispatcher::BlockingDispatcher;

 private:
  void OnChange() override { changed().notify_all(); }
  void OnBlock() override {
    // Bug: the idle one had its look when there was no permit.
    if (!kFixed && idle() > 0) return;
    StartMissingWorkers();
    OnChange();
  }
};

[[maybe_unused]] const bool kRegistered = RegisterBug<IdleWillSee>({
    .name = "idle-will-see",
    .classes = "k, c",
    .mirrors = "golang/go@cb945ba6ba, tokio-rs/tokio#6596",
    .expect = "deadlock or livelock",
    .scenario = "childgate",
});

}  // namespace
}  // namespace reveille::stress::zoo

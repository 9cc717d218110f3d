// wrong-waiter: one notification, and the one who gets it waits for something
// else.
//
// Mechanism: workers that wait for a task and tasks that wait for a permit
// share a condition variable, and each change notifies one of them. A permit
// that becomes free wakes a worker, for which there is no task; the task that
// needs the permit sleeps on. Mirrors: boostorg/asio@85e9b528 (run() and
// poll() on one io_service),
//   Eigen bc19ba490c (a signal not addressed to it). Class: f.
// Lost by:
//   worker C    waits for a task; task 1, back from blocking, for a permit
//   task 2      ends: a permit is free; notifies one: C
//   worker C    no task; waits again
// Expect: livelock (somebody spins for task 1), or deadlock.
#include "stress/zoo/blocking_dispatcher.h"
#include "stress/zoo/bug.h"

namespace reveille::stress::zoo {
namespace {

template <bool kFixed>
class WrongWaiter final : public BlockingDispatcher {
 public:
  using BlockingDispatcher::BlockingDispatcher;

 private:
  void OnChange() override {
    // Bug: they wait for different things.
    if (kFixed) {
      changed().notify_all();
    } else {
      changed().notify_one();
    }
  }
  void OnBlock() override {
    StartMissingWorkers();
    OnChange();
  }
};

[[maybe_unused]] const bool kRegistered = RegisterBug<WrongWaiter>({
    .name = "wrong-waiter",
    .classes = "f",
    .mirrors = "boostorg/asio@85e9b528, Eigen bc19ba490c",
    .expect = "livelock or deadlock",
    .scenario = "pdrop",
});

}  // namespace
}  // namespace reveille::stress::zoo

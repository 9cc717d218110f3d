// permit-put-back: a permit is in limbo while its taker only wants a look.
//
// Mechanism: whoever runs tasks holds a permit. Before it sleeps, a worker
// gives up its permit, looks once more, and takes an idle permit first, to be
// ready. If it finds nothing it puts the permit back. Whoever submits in the
// meantime sees no idle permit: all workers are at work, and one of them will
// look. Mirrors: golang/go#45975 (the recheck that held an idle P for a
// moment),
//   golang/go#42237. Class: d.
// Lost by:
//   worker A    runs task 1, which waits for task 2
//   worker B    takes the idle permit, looks: nothing
//   submitter   pushes 2; no permit is idle: wakes nobody
//   worker B    puts the permit back; sleeps
// Expect: idle-worker-with-runnable-work.
#include <condition_variable>
#include <mutex>
#include <utility>

#include "stress/zoo/bug.h"
#include "stress/zoo/task_queue.h"

namespace reveille::stress::zoo {
namespace {

template <bool kFixed>
class PermitPutBack final : public Dispatcher {
 public:
  explicit PermitPutBack(Crew* crew) : idle_permits_(crew->parallelism()) {}

  void Push(int, PoolFn fn) override {
    queue_.Push(std::move(fn));
    Lock lock(mutex_);
    if (idle_permits_ == 0) return;
    // The permit goes to whoever wakes.
    --idle_permits_;
    ++given_;
    wake_.notify_one();
  }

  PoolFn Next(int) override {
    while (TakePermit()) {
      if (PoolFn fn = queue_.TryPop()) return fn;
      PutPermitBack();
    }
    return nullptr;
  }

  void Done(int) override { PutPermitBack(); }

  void Stop() override {
    Lock lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }

 private:
  using Lock = std::unique_lock<std::mutex>;

  void PutPermitBack() {
    Lock lock(mutex_);
    ++idle_permits_;
  }

  // The recheck, then the sleep. False: the end.
  bool TakePermit() {
    Lock lock(mutex_);
    if (!kFixed && !stopping_ && given_ == 0 && idle_permits_ > 0) {
      // Bug: others see the permit gone while nothing is decided.
      --idle_permits_;
      lock.unlock();
      const bool found = !queue_.Empty();
      if (found) return true;
      lock.lock();
      ++idle_permits_;
    }
    while (!stopping_) {
      if (given_ > 0) {
        --given_;
        return true;
      }
      if (kFixed && idle_permits_ > 0 && !queue_.Empty()) {
        --idle_permits_;
        return true;
      }
      wake_.wait(lock);
    }
    return false;
  }

  TaskQueue queue_;
  std::mutex mutex_;
  std::condition_variable wake_;
  int idle_permits_;
  int given_ = 0;  // Permits on their way to a worker that was woken.
  bool stopping_ = false;
};

[[maybe_unused]] const bool kRegistered = RegisterBug<PermitPutBack>({
    .name = "permit-put-back",
    .classes = "d",
    .mirrors = "golang/go#45975, golang/go#42237",
    .expect = "idle-worker-with-runnable-work",
    .scenario = "rendezvous",
});

}  // namespace
}  // namespace reveille::stress::zoo

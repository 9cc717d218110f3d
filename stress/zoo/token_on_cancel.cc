// token-on-cancel: who no longer wants the token keeps it all the same.
//
// Mechanism: tasks from outside are guarded by a semaphore that hands each
// token straight to the first waiter; tasks from inside lie in a queue of their
// own. A worker enters the semaphore's list, sees a task from inside, and
// cancels. If it had been given a token meanwhile, the token is gone, and its
// task with it.
// Mirrors: tokio-rs/tokio#795 (a blocking permit handed to a task that did not
//   use it), the cancelled wait of Eigen's EventCount (bc19ba490c). Class: e.
// Lost by:
//   worker      enters the list
//   submitter   pushes 1, hands the token to the worker
//   worker      sees task 2 from inside, cancels, runs 2; nobody has a token
//   for 1
// Expect: idle-worker-with-runnable-work.
#include <condition_variable>
#include <list>
#include <mutex>
#include <utility>

#include "stress/zoo/bug.h"
#include "stress/zoo/task_queue.h"

namespace reveille::stress::zoo {
namespace {

// Tokens go to the waiters in their order.
class FairSemaphore {
 public:
  struct Waiter {
    bool woken = false;
    bool granted = false;
    std::condition_variable wake;
  };

  void Release() {
    Lock lock(mutex_);
    if (!WakeFirst(true)) ++tokens_;
  }
  // Lets the first waiter go without a token.
  void Interrupt() {
    Lock lock(mutex_);
    WakeFirst(false);
  }
  void Enter(Waiter* waiter) {
    Lock lock(mutex_);
    waiter->woken = closed_;
    if (tokens_ > 0) {
      --tokens_;
      waiter->woken = waiter->granted = true;
    }
    if (!waiter->woken) waiters_.push_back(waiter);
  }
  // False: without a token.
  bool Await(Waiter* waiter) {
    Lock lock(mutex_);
    waiter->wake.wait(lock, [waiter] { return waiter->woken; });
    return waiter->granted;
  }
  // True: it had a token already. An interrupt that it had, it passes on: there
  // may be a second task from inside, and another waiter that did not see it.
  bool Cancel(Waiter* waiter) {
    Lock lock(mutex_);
    waiters_.remove(waiter);
    if (waiter->woken && !waiter->granted) WakeFirst(false);
    return waiter->granted;
  }
  void Close() {
    Lock lock(mutex_);
    closed_ = true;
    while (WakeFirst(false)) continue;
  }
  bool closed() {
    Lock lock(mutex_);
    return closed_;
  }

 private:
  using Lock = std::unique_lock<std::mutex>;

  bool WakeFirst(bool granted) {
    if (waiters_.empty()) return false;
    Waiter* const waiter = waiters_.front();
    waiters_.pop_front();
    waiter->woken = true;
    waiter->granted = granted;
    waiter->wake.notify_one();
    return true;
  }

  std::mutex mutex_;
  std::list<Waiter*> waiters_;
  int tokens_ = 0;
  bool closed_ = false;
};

template <bool kFixed>
class TokenOnCancel final : public Dispatcher {
 public:
  explicit TokenOnCancel(Crew*) {}

  void Push(int submitter, PoolFn fn) override {
    if (submitter == kOutside) {
      from_outside_.Push(std::move(fn));
      semaphore_.Release();
    } else {
      from_inside_.Push(std::move(fn));
      semaphore_.Interrupt();
    }
  }

  PoolFn Next(int) override {
    while (!semaphore_.closed()) {
      FairSemaphore::Waiter waiter;
      semaphore_.Enter(&waiter);
      if (PoolFn fn = from_inside_.TryPop()) {
        const bool had_token = semaphore_.Cancel(&waiter);
        // Bug: the token is for another task, which is there to stay.
        if (kFixed && had_token) semaphore_.Release();
        return fn;
      }
      if (semaphore_.Await(&waiter)) return from_outside_.TryPop();
    }
    return nullptr;
  }

  void Stop() override { semaphore_.Close(); }

 private:
  TaskQueue from_outside_;  // As many as there are tokens, or more.
  TaskQueue from_inside_;
  FairSemaphore semaphore_;
};

[[maybe_unused]] const bool kRegistered = RegisterBug<TokenOnCancel>({
    .name = "token-on-cancel",
    .classes = "e",
    .mirrors = "tokio-rs/tokio#795, Eigen bc19ba490c",
    .expect = "idle-worker-with-runnable-work",
    .scenario = "burst",
});

}  // namespace
}  // namespace reveille::stress::zoo

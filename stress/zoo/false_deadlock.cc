// false-deadlock: the pool's own deadlock detector counts a worker as asleep
// that has been woken.
//
// Mechanism: the pool counts the workers that are awake, and gives up when the
// last of them goes to sleep with tasks unfinished. A task is handed straight
// to a sleeper, but the sleeper counts itself as awake only when it runs.
// Mirrors: golang/go#40368, golang/go#59600 (checkdead between the choice of a
// P
//   and its thread). Class: m, d.
// Lost by:
//   submitter   takes A off the list with task 1, unlocks
//   worker B    finds nothing, goes to sleep: nobody is awake, 1 task
//   unfinished worker B    ends the program
// Expect: crash.
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <utility>

#include "stress/zoo/bug.h"
#include "stress/zoo/parker.h"

namespace reveille::stress::zoo {
namespace {

template <bool kFixed>
class FalseDeadlock final : public Dispatcher {
 public:
  explicit FalseDeadlock(Crew* crew)
      : beds_(static_cast<size_t>(crew->parallelism())),
        awake_(crew->parallelism()) {}

  void Push(int, PoolFn fn) override {
    Bed* bed = nullptr;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      ++unfinished_;
      if (sleepers_.empty()) {
        queue_.push_back(std::move(fn));
        return;
      }
      bed = sleepers_.front();
      sleepers_.pop_front();
      bed->fn = std::move(fn);
      if (kFixed) ++awake_;  // Its wake is as good as done.
    }
    bed->parker.Unpark();
  }

  PoolFn Next(int self) override {
    Bed& own = beds_[static_cast<size_t>(self)];
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (stopping_) return nullptr;
      if (!queue_.empty()) {
        PoolFn fn = std::move(queue_.front());
        queue_.pop_front();
        return fn;
      }
      --awake_;
      CheckAlive();
      sleepers_.push_back(&own);
    }
    own.parker.Park();
    std::lock_guard<std::mutex> lock(mutex_);
    if (!kFixed) ++awake_;  // Bug: until now it was taken for asleep.
    return std::exchange(own.fn, nullptr);
  }

  void Done(int) override {
    std::lock_guard<std::mutex> lock(mutex_);
    --unfinished_;
  }

  void Stop() override {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    for (Bed* bed : sleepers_) bed->parker.Unpark();
    sleepers_.clear();
  }

 private:
  struct Bed {
    Parker parker;
    PoolFn fn;
  };

  void CheckAlive() const {
    if (awake_ > 0 || unfinished_ == 0) return;
    std::fputs("fatal: all workers are asleep - deadlock\n", stderr);
    std::abort();
  }

  std::mutex mutex_;
  std::deque<Bed> beds_;
  std::deque<Bed*> sleepers_;
  std::deque<PoolFn> queue_;
  int awake_;
  int unfinished_ = 0;
  bool stopping_ = false;
};

[[maybe_unused]] const bool kRegistered = RegisterBug<FalseDeadlock>({
    .name = "false-deadlock",
    .classes = "m, d",
    .mirrors = "golang/go#40368, golang/go#59600",
    .expect = "crash",
    .scenario = "rendezvous",
});

}  // namespace
}  // namespace reveille::stress::zoo

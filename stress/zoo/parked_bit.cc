// parked-bit: the bit "somebody is parked" is cleared outside of the lock.
//
// Mechanism: a bit saves the lock to those who have nobody to wake. A waiter
// that gives up its wait leaves the list under the lock, sees that the list is
// empty, and clears the bit a moment after. Somebody has parked in between.
// Mirrors: Amanieu/parking_lot#465; the waiters flag of robust mutexes in glibc
//   (BZ 20973). Class: e.
// Lost by:
//   worker A    parks, looks again: task 1; leaves the list, now empty
//   worker B    parks: list {B}, bit set; looks again: nothing; sleeps
//   worker A    clears the bit; runs 1, which waits for 2
//   submitter   pushes 2; the bit is clear: wakes nobody
// Expect: idle-worker-with-runnable-work.
#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>
#include <utility>

#include "stress/zoo/bug.h"
#include "stress/zoo/parker.h"
#include "stress/zoo/task_queue.h"

namespace reveille::stress::zoo {
namespace {

template <bool kFixed>
class ParkedBit final : public Dispatcher {
 public:
  explicit ParkedBit(Crew* crew)
      : parkers_(static_cast<size_t>(crew->parallelism())) {}

  void Push(int, PoolFn fn) override {
    queue_.Push(std::move(fn));
    if (somebody_parked_.load()) WakeOne();
  }

  PoolFn Next(int self) override {
    Parker* const own = &parkers_[static_cast<size_t>(self)];
    while (!stopping_.load()) {
      if (PoolFn fn = queue_.TryPop()) return fn;
      {
        std::lock_guard<std::mutex> lock(mutex_);
        parked_.push_back(own);
        somebody_parked_.store(true);
      }
      if ((queue_.Empty() && !stopping_.load()) || !GiveUp(own)) own->Park();
    }
    return nullptr;
  }

  void Stop() override {
    stopping_.store(true);
    for (Parker& parker : parkers_) parker.Unpark();
  }

 private:
  void WakeOne() {
    std::lock_guard<std::mutex> lock(mutex_);
    if (parked_.empty()) return;
    parked_.front()->Unpark();
    parked_.pop_front();
    if (parked_.empty()) somebody_parked_.store(false);
  }

  // False: too late, its permit is there or on the way.
  bool GiveUp(Parker* own) {
    std::unique_lock<std::mutex> lock(mutex_);
    const auto at = std::find(parked_.begin(), parked_.end(), own);
    if (at == parked_.end()) return false;
    parked_.erase(at);
    if (!parked_.empty()) return true;
    if (!kFixed) lock.unlock();  // Bug: the bit belongs to the list.
    somebody_parked_.store(false);
    return true;
  }

  TaskQueue queue_;
  std::deque<Parker> parkers_;
  std::mutex mutex_;
  std::deque<Parker*> parked_;
  std::atomic<bool> somebody_parked_{false};
  std::atomic<bool> stopping_{false};
};

[[maybe_unused]] const bool kRegistered = RegisterBug<ParkedBit>({
    .name = "parked-bit",
    .classes = "e",
    .mirrors = "Amanieu/parking_lot#465, glibc BZ 20973",
    .expect = "idle-worker-with-runnable-work",
    .scenario = "rendezvous",
});

}  // namespace
}  // namespace reveille::stress::zoo

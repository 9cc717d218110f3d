// What tasks wait for each other with. All of it may be used from closures,
// coroutines and threads outside, of any scheduler, at the same time. Waiters
// are served first come, first served. See wait.h for how to wait.
//
// Lifetime: an object may be destroyed as soon as its last wait has returned
// and no other call on it is still running.
#ifndef REVEILLE_SYNC_H_
#define REVEILLE_SYNC_H_

#include <cstdint>
#include <functional>

#include "reveille/internal/mutex.h"
#include "reveille/wait.h"

namespace reveille {

namespace internal {
class JoinState;
}

// A list of parked tasks: the block that the others are built from (Go:
// gopark, goready). The condition it waits for lives in the caller's own state.
//
//   co_await queue.Park([&] { return flag.load(); });   // sleeps unless flag
//   flag = true; queue.ReadyAll();
//
// The predicate runs under the queue's lock, after the task is in the list; a
// Ready*() that comes after a false predicate finds the task. It must be short
// and must not use the queue.
class WaitQueue {
 public:
  WaitQueue() = default;
  ~WaitQueue();
  WaitQueue(const WaitQueue&) = delete;
  WaitQueue& operator=(const WaitQueue&) = delete;

  class [[nodiscard]] ParkOperation final : public WaitOperation {
   public:
    ParkOperation(WaitQueue* queue, std::function<bool()> skip,
                  Deadline deadline)
        : WaitOperation(deadline), queue_(queue), skip_(std::move(skip)) {}

   private:
    bool TryNow() override { return false; }
    void Register() override;
    void Unregister() override;
    WaitQueue* queue_;
    std::function<bool()> skip_;
  };

  ParkOperation Park(std::function<bool()> skip = nullptr,
                     Deadline deadline = kNoDeadline);
  // Wakes the first in the list; false when it is empty.
  bool ReadyOne();
  // Wakes all that are in the list now; how many that were.
  int ReadyAll();

 private:
  friend class Event;
  friend class Semaphore;
  friend class WaitGroup;
  friend class internal::JoinState;
  void PushBack(internal::Waiter* waiter) REVEILLE_REQUIRES(mutex_);
  void Remove(internal::Waiter* waiter) REVEILLE_REQUIRES(mutex_);
  bool Contains(const internal::Waiter* waiter) const REVEILLE_REQUIRES(mutex_);
  // Claims the first that still waits. False: nobody does.
  bool ClaimFirst(internal::Waiter::Claimed* claimed) REVEILLE_REQUIRES(mutex_);
  int ClaimAllAndUnlock() REVEILLE_RELEASE(mutex_);

  mutable internal::Mutex mutex_;
  internal::Waiter* head_ REVEILLE_GUARDED_BY(mutex_) = nullptr;
  internal::Waiter* tail_ REVEILLE_GUARDED_BY(mutex_) = nullptr;
};

// Manual-reset event.
class Event {
 public:
  explicit Event(bool set = false) : set_(set) {}

  void Set();  // Wakes all waiters; later waits return at once.
  void Reset();
  bool IsSet() const;

  class [[nodiscard]] Operation final : public WaitOperation {
   public:
    Operation(Event* event, Deadline deadline)
        : WaitOperation(deadline), event_(event) {}

   private:
    bool TryNow() override;
    void Register() override;
    void Unregister() override;
    Event* event_;
  };
  Operation Wait(Deadline deadline = kNoDeadline) { return {this, deadline}; }

 private:
  friend class internal::JoinState;
  void AddWaiter(internal::Waiter* waiter);
  void RemoveWaiter(internal::Waiter* waiter);

  WaitQueue queue_;
  bool set_;  // Guarded by queue_.mutex_.
};

// Counting semaphore. Release() hands a permit straight to the first waiter, so
// that none is overtaken; a waiter that is cancelled or times out takes none.
class Semaphore {
 public:
  explicit Semaphore(int64_t permits) : permits_(permits) {}

  void Release(int64_t n = 1);
  bool TryAcquire();
  int64_t permits() const;

  class [[nodiscard]] Operation final : public WaitOperation {
   public:
    Operation(Semaphore* semaphore, Deadline deadline)
        : WaitOperation(deadline), semaphore_(semaphore) {}

   private:
    bool TryNow() override;
    void Register() override;
    void Unregister() override;
    Semaphore* semaphore_;
  };
  // kReady: one permit is the caller's.
  Operation Acquire(Deadline deadline = kNoDeadline) {
    return {this, deadline};
  }

 private:
  WaitQueue queue_;
  int64_t permits_;  // Guarded by queue_.mutex_; > 0 only with no waiter.
};

// Counts tasks down to zero.
class WaitGroup {
 public:
  explicit WaitGroup(int64_t count = 0) : count_(count) {}

  void Add(int64_t n = 1);
  void Done();  // The last one wakes all waiters.
  int64_t count() const;

  class [[nodiscard]] Operation final : public WaitOperation {
   public:
    Operation(WaitGroup* group, Deadline deadline)
        : WaitOperation(deadline), group_(group) {}

   private:
    bool TryNow() override;
    void Register() override;
    void Unregister() override;
    WaitGroup* group_;
  };
  Operation Wait(Deadline deadline = kNoDeadline) { return {this, deadline}; }

 private:
  friend class Operation;
  WaitQueue queue_;
  std::atomic<int64_t> count_;
};

}  // namespace reveille

#endif  // REVEILLE_SYNC_H_

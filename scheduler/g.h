// G: one task. Intrusive in every queue, recycled through the Ps' free lists.
//
// A G is in exactly one place: running on an M, in one queue, parked in one
// Waiter, or free (I4). Its status says which and changes through Transition()
// alone. Once a G is published as runnable it belongs to whoever dequeues it:
// the publisher must not touch it, its lockedm or its schedlink again (F12).
#ifndef REVEILLE_SCHEDULER_G_H_
#define REVEILLE_SCHEDULER_G_H_

#include <atomic>
#include <coroutine>
#include <cstdint>

#include "reveille/internal/task_slot.h"
#include "reveille/wait.h"

namespace reveille::internal {

struct M;
struct JoinState;
class Sched;

enum class GStatus : uint32_t {
  kDead,      // On a free list.
  kRunnable,  // In one queue.
  kRunning,   // On an M with a P.
  kWaiting,   // Parked.
  kBlocking,  // In a BlockingSection, on an M without a right to a P.
};
const char* ToString(GStatus status);

// Where Cancel() finds what its task waits in. One word: the parked Waiter, a
// bit "cancelled" and a bit that locks the Waiter's lifetime while it is
// claimed.
class CancelSlot {
 public:
  // The task. False: it is cancelled already, and nothing was set.
  bool Set(Waiter* waiter);
  // The task. Returns once nobody can touch the waiter through this slot.
  void Clear();
  // Any thread that keeps the G alive. True when `claimed` is to be delivered.
  bool Cancel(Waiter::Claimed* claimed);
  bool cancelled() const { return (word_.load() & kCancelled) != 0; }
  void Reset() { word_.store(0); }

 private:
  static constexpr uintptr_t kCancelled = 1;
  static constexpr uintptr_t kBusy = 2;
  static constexpr uintptr_t kPointer = ~uintptr_t{3};
  std::atomic<uintptr_t> word_{0};
};

struct alignas(64) G : TaskSlot {
  G* schedlink = nullptr;
  std::atomic<GStatus> status{GStatus::kDead};
  bool idle_priority = false;
  bool started = false;
  uint16_t lock_count = 0;  // Nested ThreadLocks.
  Sched* sched = nullptr;
  std::atomic<M*> lockedm{nullptr};  // The M that alone may run it.
  JoinState* join = nullptr;
  uint64_t id = 0;
  std::coroutine_handle<> root;        // Outermost coroutine; null: a closure.
  std::coroutine_handle<> resume;      // Where to go on.
  WaitOperation* parked_in = nullptr;  // What a coroutine is suspended in.
  CancelSlot cancel;

  // Moves from `from` to `to`; anything else than `from` ends the process.
  void Transition(GStatus from, GStatus to);
};

// Singly linked through G::schedlink. No lock of its own.
class GList {
 public:
  bool Empty() const { return head_ == nullptr; }
  uint32_t size() const { return size_; }
  G* front() const { return head_; }
  void PushFront(G* g);
  void PushBack(G* g);
  G* PopFront();
  void Append(GList* other);  // Takes all of it.
  // Takes out the first that `wanted` is true of, or null.
  template <typename Predicate>
  G* Extract(Predicate wanted);

 private:
  G* head_ = nullptr;
  G* tail_ = nullptr;
  uint32_t size_ = 0;
};

template <typename Predicate>
G* GList::Extract(Predicate wanted) {
  for (uint32_t left = size_; left > 0; --left) {
    G* g = PopFront();
    if (wanted(g)) {
      // Rotate the rest, so that the order stays.
      for (; left > 1; --left) PushBack(PopFront());
      return g;
    }
    PushBack(g);
  }
  return nullptr;
}

}  // namespace reveille::internal

#endif  // REVEILLE_SCHEDULER_G_H_

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
class JoinState;
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
  bool Set(Waiter* waiter) {
    uintptr_t expected = 0;
    return word_.compare_exchange_strong(expected,
                                         reinterpret_cast<uintptr_t>(waiter));
  }
  // The task. Returns once nobody can touch the waiter through this slot.
  void Clear() {
    uintptr_t word = word_.load();
    if ((word & kBusy) != 0 ||
        !word_.compare_exchange_strong(word, word & kCancelled)) {
      ClearSlow();
    }
  }
  // Any thread that keeps the G alive. True when `claimed` is to be delivered.
  bool Cancel(Waiter::Claimed* claimed);
  bool cancelled() const { return (word_.load() & kCancelled) != 0; }
  void Reset() {
    if (word_.load() != 0) word_.store(0);
  }

 private:
  void ClearSlow();
  static constexpr uintptr_t kCancelled = 1;
  static constexpr uintptr_t kBusy = 2;
  static constexpr uintptr_t kPointer = ~uintptr_t{3};
  std::atomic<uintptr_t> word_{0};
};

// The first line, TaskSlot, is all that a plain closure touches on its way from
// one processor to another; what follows is for the rest, and `extended` says
// that it has to be cleaned up.
struct G : TaskSlot {
  Sched* sched = nullptr;  // Constant.
  G* schedlink = nullptr;
  std::atomic<uint64_t> id{0};  // 0: nobody has asked yet.
  std::atomic<const char*> name{nullptr};
  std::atomic<M*> lockedm{nullptr};  // The M that alone may run it.
  JoinState* join = nullptr;
  std::coroutine_handle<> root;        // Outermost coroutine.
  std::coroutine_handle<> resume;      // Where to go on.
  WaitOperation* parked_in = nullptr;  // What a coroutine is suspended in.
  uint32_t lock_count = 0;             // Nested ThreadLocks.
  CancelSlot cancel;

  // Moves from `from` to `to`; anything else than `from` ends the process.
  void Transition(GStatus from, GStatus to) {
    // A compare-and-swap would cost more and find no more: the second owner of
    // a G finds the wrong status either way.
    // order: relaxed load and store; the queues and notes that hand the G on
    // publish it [W10].
    const uint32_t now = status.load(std::memory_order_relaxed);
    if (__builtin_expect(now != static_cast<uint32_t>(from), 0)) {
      WrongStatus(from, to);
    }
    // order: relaxed, as above [W10].
    status.store(static_cast<uint32_t>(to), std::memory_order_relaxed);
  }
  GStatus Status() const { return static_cast<GStatus>(status.load()); }
  // Binds it to a thread, or with null to none. The owner only.
  void LockTo(M* m) {
    lockedm.store(m);
    locked = m != nullptr;
    extended = true;
  }

 private:
  [[noreturn]] void WrongStatus(GStatus from, GStatus to) const;
};

// Its name, "" when it has none.
const char* NameOf(const G* g);

// Singly linked through G::schedlink. No lock of its own.
class GList {
 public:
  bool Empty() const { return head_ == nullptr; }
  uint32_t size() const { return size_; }
  void PushFront(G* g);
  void PushBack(G* g);
  G* PopFront();

 private:
  G* head_ = nullptr;
  G* tail_ = nullptr;
  uint32_t size_ = 0;
};

}  // namespace reveille::internal

#endif  // REVEILLE_SCHEDULER_G_H_

// The local run queue of a P: a ring of 256 and the slot `runnext` (Go:
// runqput, runqget, runqgrab, runqsteal, runqempty).
//
// The owner, the M that holds the P, puts and gets; any M may steal and look.
//
// R1 Only the owner moves tail and fills slots. Everybody moves head, by CAS,
//    and what was read from the slots counts only if that CAS succeeded.
// R2 A slot is filled before tail says so (release), and read after tail was
//    read (acquire); head is released after the slots were read, and acquired
//    before they are filled again.
// R3 Empty() is never true of a queue that was not empty at some moment during
//    the call. golang/go fcd7c02c70.
#ifndef REVEILLE_SCHEDULER_RUN_QUEUE_H_
#define REVEILLE_SCHEDULER_RUN_QUEUE_H_

#include <atomic>
#include <cstdint>

#include "scheduler/g.h"

namespace reveille::internal {

class RunQueue {
 public:
  static constexpr uint32_t kCapacity = 256;

  // Owner. Puts g where it will run next; returns the G that was there.
  // A sequentially consistent read-modify-write: it publishes g and orders it
  // before the wake decision that follows [W1].
  G* PutNext(G* g) { return runnext_.exchange(g); }
  // Owner. False: the ring is full.
  bool PutTail(G* g);
  // Owner. Makes room: half of a full ring, and then g, go to `spill`. False: a
  // thief made room meanwhile, try PutTail again.
  static constexpr uint32_t kSpill = kCapacity / 2 + 1;
  bool SpillHalf(G* g, G** spill);
  // Owner. From runnext (*inherit_time is then true), else from the ring.
  G* Get(bool* inherit_time);
  // Owner. From the ring, whatever is in runnext.
  G* GetFromRing();

  // The owner of `thief`, whose ring must be empty. Takes n - n/2 of this
  // queue, so that one of one can be stolen; puts all but one there and returns
  // that one. Null: nothing to steal, or another was faster.
  // With take_next, runnext is taken when the ring is empty, after a pause that
  // gives its owner the chance to run it itself.
  G* StealInto(RunQueue* thief, bool take_next);

  // Anybody. See R3.
  bool Empty() const;
  // Anybody. Hints.
  uint32_t RingSize() const;
  uint32_t Size() const;

 private:
  uint32_t Grab(std::atomic<G*>* batch, uint32_t batch_head, bool take_next);
  bool TakeNext(G* next);

  alignas(64) std::atomic<uint32_t> head_{0};
  alignas(64) std::atomic<uint32_t> tail_{0};
  std::atomic<G*> runnext_{nullptr};
  std::atomic<G*> ring_[kCapacity] = {};
};

inline bool RunQueue::PutTail(G* g) {
  // order: acquire; pairs with the CAS of head in Grab(): its reads of the
  // slots come before we fill them again [W5].
  const uint32_t head = head_.load(std::memory_order_acquire);
  // order: relaxed; only the owner writes tail [W5].
  const uint32_t tail = tail_.load(std::memory_order_relaxed);
  if (tail - head >= kCapacity) return false;
  // order: relaxed; published by the store of tail [W5].
  ring_[tail % kCapacity].store(g, std::memory_order_relaxed);
  // order: release; pairs with the load of tail in Grab() and Empty() [W5].
  tail_.store(tail + 1, std::memory_order_release);
  return true;
}

inline G* RunQueue::Get(bool* inherit_time) {
  // order: relaxed; a G that is missed here is seen by the CAS or by the next
  // call: only the owner fills the slot [W5].
  G* next = runnext_.load(std::memory_order_relaxed);
  if (next != nullptr && TakeNext(next)) {
    *inherit_time = true;
    return next;
  }
  *inherit_time = false;
  return GetFromRing();
}

inline bool RunQueue::TakeNext(G* next) {
  // order: acquire; pairs with the exchange in PutNext(), for a thief reads
  // what the owner wrote into the G [W5].
  return runnext_.compare_exchange_strong(
      next, nullptr, std::memory_order_acquire, std::memory_order_relaxed);
}

inline G* RunQueue::GetFromRing() {
  // order: acquire; pairs with the CAS of a thief [W5].
  uint32_t head = head_.load(std::memory_order_acquire);
  for (;;) {
    // order: relaxed; only the owner writes tail and the slots [W5].
    const uint32_t tail = tail_.load(std::memory_order_relaxed);
    if (tail == head) return nullptr;
    G* g = ring_[head % kCapacity].load(std::memory_order_relaxed);
    // order: release; pairs with the acquire of head in PutTail(); acquire on
    // failure, since the loop starts again from it [W5].
    if (head_.compare_exchange_weak(head, head + 1, std::memory_order_release,
                                    std::memory_order_acquire)) {
      return g;
    }
  }
}

}  // namespace reveille::internal

#endif  // REVEILLE_SCHEDULER_RUN_QUEUE_H_

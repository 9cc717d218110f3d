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
  // Owner. Makes room: half of a full ring, and then g, go to the end of
  // `spill`. False: a thief made room meanwhile, try PutTail again.
  bool SpillHalf(G* g, GList* spill);
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
  // Anybody. A hint.
  uint32_t Size() const;

 private:
  uint32_t Grab(std::atomic<G*>* batch, uint32_t batch_head, bool take_next);
  bool TakeNext(G* next);

  alignas(64) std::atomic<uint32_t> head_{0};
  alignas(64) std::atomic<uint32_t> tail_{0};
  std::atomic<G*> runnext_{nullptr};
  std::atomic<G*> ring_[kCapacity] = {};
};

}  // namespace reveille::internal

#endif  // REVEILLE_SCHEDULER_RUN_QUEUE_H_

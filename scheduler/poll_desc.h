// The wait slots of one descriptor (Go: pollDesc in runtime/netpoll.go), as a
// state machine without any system call, so that it can be held against a
// model.
//
// For each direction: nobody waits, or one Waiter does. Three parties race for
// the waiter: readiness, its deadline or cancellation, and Close(). Each
// touches it only under the lock of the descriptor, and Waiter::Claim() lets
// one win.
//
// Go's slots are lock-free and need a fence between "I wait" and "is it
// closed?"
// (#45211). Here both sides hold the lock.
#ifndef REVEILLE_SCHEDULER_POLL_DESC_H_
#define REVEILLE_SCHEDULER_POLL_DESC_H_

#include <cstdint>

#include "reveille/internal/mutex.h"
#include "reveille/wait.h"

namespace reveille::internal {

class PollDesc {
 public:
  using Direction = FdOperation::Direction;

  // The directions somebody waits for.
  struct Interest {
    bool read = false;
    bool write = false;
    bool Any() const { return read || write; }
  };

  Mutex mutex;

  // False: the direction is taken.
  bool Put(Direction direction, Waiter* waiter) REVEILLE_REQUIRES(mutex);
  // True if `waiter` was still in the slot.
  bool Take(Direction direction, Waiter* waiter) REVEILLE_REQUIRES(mutex);
  // Empties the slot; true when its waiter is to be delivered.
  bool Wake(Direction direction, reveille::Wake wake, Waiter::Claimed* claimed)
      REVEILLE_REQUIRES(mutex);
  Interest interest() const REVEILLE_REQUIRES(mutex);

  // Whether the kernel's interest list has this descriptor, as far as we know.
  bool registered REVEILLE_GUARDED_BY(mutex) = false;
  // Goes up with each arming and each close. An event that the kernel handed
  // out for an earlier arming is stale: its waiter has left, and perhaps its
  // descriptor too (Go: fdseq, #60133).
  uint32_t generation REVEILLE_GUARDED_BY(mutex) = 0;

 private:
  Waiter** slot(Direction direction) REVEILLE_REQUIRES(mutex) {
    return direction == Direction::kRead ? &read_ : &write_;
  }

  Waiter* read_ REVEILLE_GUARDED_BY(mutex) = nullptr;
  Waiter* write_ REVEILLE_GUARDED_BY(mutex) = nullptr;
};

}  // namespace reveille::internal

#endif  // REVEILLE_SCHEDULER_POLL_DESC_H_

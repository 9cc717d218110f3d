// The scheduler's side of WaitOperation (reveille/wait.h).
#ifndef REVEILLE_SCHEDULER_PARK_H_
#define REVEILLE_SCHEDULER_PARK_H_

#include "reveille/wait.h"

namespace reveille::internal {

class ParkOperationAccess {
 public:
  // From registering to parked. False: a waker was there first; there is
  // nobody to wake, the parker goes on.
  static bool Commit(Waiter* waiter) {
    uint32_t expected = Waiter::kRegistering;
    return waiter->state_.compare_exchange_strong(expected, Waiter::kParked);
  }
  static void SetG(Waiter* waiter, G* g) { waiter->g_ = g; }
  static void SetNote(Waiter* waiter, Note* note) { waiter->note_ = note; }
  static bool Claimed(const Waiter& waiter) {
    return (waiter.state_.load() & (Waiter::kRegistering | Waiter::kParked)) ==
           0;
  }
  static void Disarm(WaitOperation* operation) { operation->Disarm(); }
};

}  // namespace reveille::internal

#endif  // REVEILLE_SCHEDULER_PARK_H_

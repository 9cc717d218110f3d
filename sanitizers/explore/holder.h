// Who keeps a thread from going on: holders of locks, threads to be joined.
#ifndef REVEILLE_SANITIZERS_EXPLORE_HOLDER_H_
#define REVEILLE_SANITIZERS_EXPLORE_HOLDER_H_

#include "links.h"

namespace reveille::explore {

struct Holder {
  int thread = -1;                 // -1: nobody in particular
  uint32_t acquired_at = kNoStep;  // of the lock; kNoStep: it is to be joined
};

// Whom the wait of step `wait` is for.
Holder HolderFor(const Buffer<Step>& steps, uint32_t wait);

// The threads, as bits, that wait for each other in a circle through `thread`;
// 0 when there is none. `stuck` are those who wait.
uint64_t CircleThrough(const Buffer<Step>& steps, const Links& links,
                       uint64_t stuck, int thread);

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_HOLDER_H_

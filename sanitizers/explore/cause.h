// What two findings have in common when they are the same finding.
#ifndef REVEILLE_SANITIZERS_EXPLORE_CAUSE_H_
#define REVEILLE_SANITIZERS_EXPLORE_CAUSE_H_

#include <stdint.h>

namespace reveille::explore {

// A digest of the verdict and of where the threads concerned stand in the
// code, at the end of the current execution. The same in all processes forked
// from one zygote.
uint64_t CauseOfCurrentOutcome();

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_CAUSE_H_

// Descriptors of the real world inside executions. Exploring kernel thread
// only.
#ifndef REVEILLE_SANITIZERS_EXPLORE_INTERCEPT_REAL_DESCRIPTORS_H_
#define REVEILLE_SANITIZERS_EXPLORE_INTERCEPT_REAL_DESCRIPTORS_H_

namespace reveille::explore {

// Returns when a transfer on `descriptor` cannot block the only kernel thread:
// standard streams, regular files, character devices. Otherwise ends the
// execution, naming `call`.
void AllowRealDescriptor(int descriptor, const char* call);

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_INTERCEPT_REAL_DESCRIPTORS_H_

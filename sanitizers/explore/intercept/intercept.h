// What all interposers have in common.
//
// An interposer is a function of the C library or of the compiler's runtime
// that the code under test calls. On a fiber it does its work in the model; on
// every other thread it is the original. It may be called by any thread, at
// any time from the program's first instruction on.
#ifndef REVEILLE_SANITIZERS_EXPLORE_INTERCEPT_INTERCEPT_H_
#define REVEILLE_SANITIZERS_EXPLORE_INTERCEPT_INTERCEPT_H_

#include <stdint.h>

#include "../execution.h"
#include "../native.h"

#define REVEILLE_INTERPOSE extern "C" __attribute__((visibility("default")))

// Where the code under test called the interposer.
#define REVEILLE_CALLER \
  (reinterpret_cast<uintptr_t>(__builtin_return_address(0)))

namespace reveille::explore {

template <typename T>
inline uintptr_t AddressOf(T* pointer) {
  return reinterpret_cast<uintptr_t>(pointer);
}

// The caller's last step did not get what it wanted.
inline void NoteFailure() {
  if (g_execution.history != nullptr) g_execution.history->Failed(Self()->id);
}

// The last step gave `mutex` back, besides what it is about.
inline void NoteRelease(uintptr_t mutex) {
  if (g_execution.history != nullptr) g_execution.history->Released(mutex);
}

// The model's state lies inside the object of the C library, in the words that
// its static initialisers leave zero.
inline int32_t& WordAt(void* object, int index) {
  return static_cast<int32_t*>(object)[index];
}

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_INTERCEPT_INTERCEPT_H_

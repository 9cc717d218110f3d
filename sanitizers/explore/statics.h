// State that outlives an execution unless somebody puts it back: variables
// with static storage that were initialised inside it, exit handlers, keys.
//
// At the end of an execution the exit handlers registered inside it have run
// (as at the end of a program), and every static local and once_flag that it
// initialised is as if never reached. Plain globals are the program's own
// business. Exploring kernel thread only.
#ifndef REVEILLE_SANITIZERS_EXPLORE_STATICS_H_
#define REVEILLE_SANITIZERS_EXPLORE_STATICS_H_

#include <stdint.h>

namespace reveille::explore {

// `guard` (of `bytes` bytes, at most 8) was zero and is about to change.
void RememberGuard(void* guard, int bytes);

// As __cxa_atexit; false when there are too many.
bool RememberExitHandler(void (*function)(void*), void* argument);

// Runs them, latest first, as the body's thread.
void RunExitHandlers();

// Remembers a thread-specific key created by the code under test.
void RememberKey(unsigned key);

// Puts everything back.
void RestoreStatics();

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_STATICS_H_

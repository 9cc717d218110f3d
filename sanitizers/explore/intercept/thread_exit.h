// What a thread does on its way out. Exploring kernel thread only.
#ifndef REVEILLE_SANITIZERS_EXPLORE_INTERCEPT_THREAD_EXIT_H_
#define REVEILLE_SANITIZERS_EXPLORE_INTERCEPT_THREAD_EXIT_H_

#include "../fiber.h"

namespace reveille::explore {

// Destroys the thread's thread_local objects, latest first, then its
// thread-specific values, as the C library does.
void RunThreadExitHandlers(Fiber* self);

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_INTERCEPT_THREAD_EXIT_H_

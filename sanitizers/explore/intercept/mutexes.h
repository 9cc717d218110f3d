// Mutexes as condition variables need them. Exploring kernel thread only.
#ifndef REVEILLE_SANITIZERS_EXPLORE_INTERCEPT_MUTEXES_H_
#define REVEILLE_SANITIZERS_EXPLORE_INTERCEPT_MUTEXES_H_

#include <pthread.h>

#include "../fiber.h"

namespace reveille::explore {

// The mutex becomes the caller's; it must be free, and the caller's turn.
void TakeMutex(Fiber* self, pthread_mutex_t* mutex);
// The mutex becomes free, however often a recursive one was locked.
void ReleaseMutex(Fiber* self, pthread_mutex_t* mutex);
bool HoldsMutex(const Fiber* self, pthread_mutex_t* mutex);

// Ready function of a thread whose pending object is a mutex to be locked.
Ready MutexIsFree();

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_INTERCEPT_MUTEXES_H_

// Random numbers that the code under test asks for are choices.
#ifndef REVEILLE_SANITIZERS_EXPLORE_INTERCEPT_RANDOMNESS_H_
#define REVEILLE_SANITIZERS_EXPLORE_INTERCEPT_RANDOMNESS_H_

#include <stddef.h>

namespace reveille::explore {

// Returns `bytes`. On a fiber only.
long FillRandomly(void* to, size_t bytes);

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_INTERCEPT_RANDOMNESS_H_

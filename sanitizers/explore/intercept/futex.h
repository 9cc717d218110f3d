// The futex system call. Exploring kernel thread only.
#ifndef REVEILLE_SANITIZERS_EXPLORE_INTERCEPT_FUTEX_H_
#define REVEILLE_SANITIZERS_EXPLORE_INTERCEPT_FUTEX_H_

#include <stdint.h>

#include "../fiber.h"

namespace reveille::explore {

struct FutexCall {
  uint32_t* word;
  int operation;
  uint32_t value;
  long timeout;  // a timespec*, or the second value
  uint32_t* second_word;
  uint32_t third_value;
};

// As the kernel would answer: >= 0, or -errno.
long Futex(Fiber* self, const FutexCall& call, uintptr_t pc);

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_INTERCEPT_FUTEX_H_

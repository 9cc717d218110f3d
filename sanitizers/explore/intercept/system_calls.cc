// syscall(2) as a function: how libstdc++, Abseil and hand-written waiters
// reach the futex. Calls that cannot block and tell nothing about the machine
// go through; the rest is refused by number.
#include <errno.h>
#include <linux/futex.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/syscall.h>

#include "futex.h"
#include "intercept.h"
#include "randomness.h"

using namespace reveille::explore;

namespace {

long Answer(long result) {
  if (result >= 0 || result < -4095) return result;
  errno = static_cast<int>(-result);
  return -1;
}

FutexCall FutexCallOf(const long* arguments) {
  return {reinterpret_cast<uint32_t*>(arguments[0]),
          static_cast<int>(arguments[1]),
          static_cast<uint32_t>(arguments[2]),
          arguments[3],
          reinterpret_cast<uint32_t*>(arguments[4]),
          static_cast<uint32_t>(arguments[5])};
}

[[noreturn]] void RefuseNumber(long number) {
  char what[64];
  snprintf(what, sizeof what, "system call number %ld", number);
  Refuse(what);
}

long OnFiber(Fiber* self, long number, const long* arguments, uintptr_t pc) {
  switch (number) {
    case SYS_futex:
      return Answer(Futex(self, FutexCallOf(arguments), pc));
    case SYS_gettid:
      return 1000 + self->id;
    case SYS_getpid:
      return 1000;
    case SYS_membarrier:
      return 0;  // everything is sequentially consistent already
    case SYS_sched_yield:
      return sched_yield();
    case SYS_getrandom:
      return FillRandomly(reinterpret_cast<void*>(arguments[0]),
                          static_cast<size_t>(arguments[1]));
    default:
      RefuseNumber(number);
  }
}

}  // namespace

REVEILLE_INTERPOSE long syscall(long number, ...) noexcept {
  long arguments[6];
  va_list list;
  va_start(list, number);
  for (long& argument : arguments) argument = va_arg(list, long);
  va_end(list);
  Fiber* self = Self();
  if (self != nullptr) return OnFiber(self, number, arguments, REVEILLE_CALLER);
  return Answer(native::SystemCall(number, arguments[0], arguments[1],
                                   arguments[2], arguments[3], arguments[4],
                                   arguments[5]));
}

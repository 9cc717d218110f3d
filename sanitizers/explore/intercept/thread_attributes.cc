// What a program asks about its threads and its machine: the answers are the
// same everywhere, and setting things has no effect.
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "intercept.h"

namespace {

// What hardware_concurrency() says.
constexpr int kProcessors = 2;

constexpr pid_t kProcess = 1000;

}  // namespace

using namespace reveille::explore;

// Processes come and go between an execution and its replay; what they are
// called must not decide anything.
REVEILLE_INTERPOSE pid_t getpid() noexcept {
  return Self() == nullptr ? REVEILLE_NEXT(getpid)() : kProcess;
}

REVEILLE_INTERPOSE pid_t getppid() noexcept {
  return Self() == nullptr ? REVEILLE_NEXT(getppid)() : 1;
}

REVEILLE_INTERPOSE pid_t gettid() noexcept {
  Fiber* self = Self();
  return self == nullptr ? REVEILLE_NEXT(gettid)() : kProcess + self->id;
}

REVEILLE_INTERPOSE int get_nprocs() noexcept {
  return Self() == nullptr ? REVEILLE_NEXT(get_nprocs)() : kProcessors;
}

REVEILLE_INTERPOSE int get_nprocs_conf() noexcept {
  return Self() == nullptr ? REVEILLE_NEXT(get_nprocs_conf)() : kProcessors;
}

REVEILLE_INTERPOSE long sysconf(int name) noexcept {
  const bool processors =
      name == _SC_NPROCESSORS_ONLN || name == _SC_NPROCESSORS_CONF;
  if (Self() != nullptr && processors) return kProcessors;
  return REVEILLE_NEXT(sysconf)(name);
}

REVEILLE_INTERPOSE int sched_getcpu() noexcept {
  Fiber* self = Self();
  if (self == nullptr) return REVEILLE_NEXT(sched_getcpu)();
  return self->id % kProcessors;
}

REVEILLE_INTERPOSE int sched_getaffinity(pid_t pid, size_t size,
                                         cpu_set_t* set) noexcept {
  if (Self() == nullptr)
    return REVEILLE_NEXT(sched_getaffinity)(pid, size, set);
  memset(set, 0, size);
  for (int i = 0; i < kProcessors; ++i) CPU_SET_S(i, size, set);
  return 0;
}

REVEILLE_INTERPOSE int sched_setaffinity(pid_t pid, size_t size,
                                         const cpu_set_t* set) noexcept {
  if (Self() == nullptr)
    return REVEILLE_NEXT(sched_setaffinity)(pid, size, set);
  return 0;
}

REVEILLE_INTERPOSE int pthread_getaffinity_np(pthread_t thread, size_t size,
                                              cpu_set_t* set) noexcept {
  if (Self() == nullptr) {
    return REVEILLE_NEXT(pthread_getaffinity_np)(thread, size, set);
  }
  return sched_getaffinity(0, size, set);
}

REVEILLE_INTERPOSE int pthread_setaffinity_np(pthread_t thread, size_t size,
                                              const cpu_set_t* set) noexcept {
  if (Self() == nullptr) {
    return REVEILLE_NEXT(pthread_setaffinity_np)(thread, size, set);
  }
  return 0;
}

REVEILLE_INTERPOSE int pthread_getschedparam(pthread_t thread, int* policy,
                                             sched_param* param) noexcept {
  if (Self() == nullptr) {
    return REVEILLE_NEXT(pthread_getschedparam)(thread, policy, param);
  }
  *policy = SCHED_OTHER;
  param->sched_priority = 0;
  return 0;
}

REVEILLE_INTERPOSE int pthread_setschedparam(
    pthread_t thread, int policy, const sched_param* param) noexcept {
  if (Self() == nullptr) {
    return REVEILLE_NEXT(pthread_setschedparam)(thread, policy, param);
  }
  return 0;
}

REVEILLE_INTERPOSE int pthread_getattr_np(pthread_t thread,
                                          pthread_attr_t* attributes) noexcept {
  Fiber* self = Self();
  if (self == nullptr) {
    return REVEILLE_NEXT(pthread_getattr_np)(thread, attributes);
  }
  const int error = pthread_attr_init(attributes);
  if (error != 0) return error;
  return pthread_attr_setstack(attributes, StackOf(self->id), kStackBytes);
}

// Signals are not delivered to fibers; masks mean nothing.
REVEILLE_INTERPOSE int pthread_sigmask(int how, const sigset_t* set,
                                       sigset_t* old) noexcept {
  if (Self() == nullptr) return REVEILLE_NEXT(pthread_sigmask)(how, set, old);
  if (old != nullptr) sigemptyset(old);
  return 0;
}

REVEILLE_INTERPOSE int pthread_setcancelstate(int state, int* old) {
  if (Self() == nullptr)
    return REVEILLE_NEXT(pthread_setcancelstate)(state, old);
  if (old != nullptr) *old = PTHREAD_CANCEL_ENABLE;
  return 0;
}

REVEILLE_INTERPOSE int pthread_setcanceltype(int type, int* old) {
  if (Self() == nullptr) return REVEILLE_NEXT(pthread_setcanceltype)(type, old);
  if (old != nullptr) *old = PTHREAD_CANCEL_DEFERRED;
  return 0;
}

REVEILLE_INTERPOSE void pthread_testcancel() {
  if (Self() == nullptr) REVEILLE_NEXT(pthread_testcancel)();
}

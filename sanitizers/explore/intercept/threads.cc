// pthread_create and what belongs to the life of a thread.
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "../virtual_time.h"
#include "intercept.h"
#include "thread_exit.h"

namespace reveille::explore {
namespace {

// A pthread_t inside an execution: which number, and which of its users.
constexpr uintptr_t kHandleBase = 0x7000000000000000;

pthread_t HandleOf(const Fiber* fiber) {
  return kHandleBase | uintptr_t{fiber->generation} << 8 | fiber->id;
}

// Null when the thread is gone or never was.
Fiber* FiberOf(pthread_t handle) {
  const uintptr_t id = handle & 0xff;
  if (id >= kMaxThreads) return nullptr;
  Fiber* fiber = &g_execution.fibers[id];
  const bool known = fiber->life != Life::kUnused && HandleOf(fiber) == handle;
  return known ? fiber : nullptr;
}

bool HasEnded(const Fiber& joiner) {
  const Fiber& target = g_execution.fibers[joiner.waiting.argument];
  return target.life == Life::kFinished;
}

int JoinUntil(Fiber* self, pthread_t thread, void** result, uint64_t deadline,
              uintptr_t pc) {
  Fiber* target = FiberOf(thread);
  if (target == nullptr) return ESRCH;
  if (target == self) return EDEADLK;
  if (target->detached) return EINVAL;
  const uintptr_t object = ThreadObject(target->id);
  if (target->life == Life::kFinished) {
    // Nobody can tell whether this comes earlier or later.
    Remark(self, Kind::kJoin, object, pc);
  } else {
    self->waiting.argument = target->id;
    if (!PointWhen(self, Kind::kJoin, object, pc, &HasEnded, deadline)) {
      NoteFailure();
      return ETIMEDOUT;
    }
  }
  if (result != nullptr) *result = target->result;
  Vacate(target);
  return 0;
}

}  // namespace

[[noreturn]] void EndThread(Fiber* self) {
  RunThreadExitHandlers(self);
  Execution& x = g_execution;
  const uintptr_t object = ThreadObject(self->id);
  Remark(self, Kind::kExit, object, 0);
  self->life = Life::kFinished;
  if (self->detached) Vacate(self);
  x.alive &= ~self->bit;
  x.enabled &= ~self->bit;
  // Its last look may have made a spinner of it; no exit is a point at which it
  // would have been let go.
  x.spinning &= ~self->bit;
  if (!self->clock_driven) ++x.progress;
  ObjectChanged(object);
  DispatchAway(self);
}

extern "C" void ReveilleFiberMain() {
  Fiber* self = Self();
  Commit(self);  // its start
  self->result = self->entry(self->argument);
  EndThread(self);
}

}  // namespace reveille::explore

using namespace reveille::explore;

REVEILLE_INTERPOSE int pthread_create(pthread_t* thread,
                                      const pthread_attr_t* attributes,
                                      void* (*entry)(void*),
                                      void* argument) noexcept {
  Fiber* self = Self();
  if (self == nullptr) {
    return REVEILLE_NEXT(pthread_create)(thread, attributes, entry, argument);
  }
  Fiber* created = CreateFiber(entry, argument);
  if (created == nullptr) {
    End(Verdict::kTooMany, "more than %d threads alive at once", kMaxThreads);
  }
  int detach_state = PTHREAD_CREATE_JOINABLE;
  if (attributes != nullptr) {
    pthread_attr_getdetachstate(attributes, &detach_state);
  }
  created->detached = detach_state == PTHREAD_CREATE_DETACHED;
  *thread = HandleOf(created);
  Remark(self, Kind::kCreate, ThreadObject(created->id), REVEILLE_CALLER);
  return 0;
}

REVEILLE_INTERPOSE int pthread_join(pthread_t thread, void** result) {
  Fiber* self = Self();
  if (self == nullptr) return REVEILLE_NEXT(pthread_join)(thread, result);
  return JoinUntil(self, thread, result, 0, REVEILLE_CALLER);
}

REVEILLE_INTERPOSE int pthread_tryjoin_np(pthread_t thread,
                                          void** result) noexcept {
  Fiber* self = Self();
  if (self == nullptr) return REVEILLE_NEXT(pthread_tryjoin_np)(thread, result);
  Fiber* target = FiberOf(thread);
  if (target == nullptr) return ESRCH;
  Point(self, Kind::kJoin, ThreadObject(target->id), REVEILLE_CALLER);
  Saw(self, target->life == Life::kFinished);
  if (target->life != Life::kFinished) return EBUSY;
  return JoinUntil(self, thread, result, 0, REVEILLE_CALLER);
}

REVEILLE_INTERPOSE int pthread_timedjoin_np(pthread_t thread, void** result,
                                            const timespec* time) {
  Fiber* self = Self();
  if (self == nullptr) {
    return REVEILLE_NEXT(pthread_timedjoin_np)(thread, result, time);
  }
  const uint64_t deadline =
      time == nullptr ? 0 : DeadlineAt(CLOCK_REALTIME, *time);
  return JoinUntil(self, thread, result, deadline, REVEILLE_CALLER);
}

REVEILLE_INTERPOSE int pthread_clockjoin_np(pthread_t thread, void** result,
                                            clockid_t clock,
                                            const timespec* time) {
  Fiber* self = Self();
  if (self == nullptr) {
    return REVEILLE_NEXT(pthread_clockjoin_np)(thread, result, clock, time);
  }
  const uint64_t deadline = time == nullptr ? 0 : DeadlineAt(clock, *time);
  return JoinUntil(self, thread, result, deadline, REVEILLE_CALLER);
}

REVEILLE_INTERPOSE int pthread_detach(pthread_t thread) noexcept {
  if (Self() == nullptr) return REVEILLE_NEXT(pthread_detach)(thread);
  Fiber* target = FiberOf(thread);
  if (target == nullptr) return ESRCH;
  if (target->detached) return EINVAL;
  target->detached = true;
  if (target->life == Life::kFinished) Vacate(target);
  return 0;
}

REVEILLE_INTERPOSE pthread_t pthread_self() noexcept {
  Fiber* self = Self();
  if (self == nullptr) return REVEILLE_NEXT(pthread_self)();
  return HandleOf(self);
}

REVEILLE_INTERPOSE int sched_yield() noexcept {
  Fiber* self = Self();
  if (self == nullptr) return REVEILLE_NEXT(sched_yield)();
  Point(self, Kind::kYield, 0, REVEILLE_CALLER);
  Saw(self, 0);
  return 0;
}

REVEILLE_INTERPOSE int pthread_setname_np(pthread_t thread,
                                          const char* name) noexcept {
  if (Self() == nullptr) return REVEILLE_NEXT(pthread_setname_np)(thread, name);
  Fiber* target = FiberOf(thread);
  if (target == nullptr) return ESRCH;
  if (strlen(name) >= sizeof target->name) return ERANGE;
  strcpy(target->name, name);
  return 0;
}

REVEILLE_INTERPOSE int pthread_getname_np(pthread_t thread, char* name,
                                          size_t size) noexcept {
  if (Self() == nullptr) {
    return REVEILLE_NEXT(pthread_getname_np)(thread, name, size);
  }
  Fiber* target = FiberOf(thread);
  if (target == nullptr) return ESRCH;
  if (size < sizeof target->name) return ERANGE;
  strcpy(name, target->name);
  return 0;
}

// pthread_cond_*: a signal reaches one waiter that the strategy chooses; a
// waiter that nobody reaches stays.
#include <errno.h>
#include <pthread.h>

#include "../virtual_time.h"
#include "intercept.h"
#include "mutexes.h"

namespace reveille::explore {
namespace {

bool IsSpurious() {
  Execution& x = g_execution;
  if (x.spurious_left == 0 || Choose(Tag::kSpurious, 2) == 0) return false;
  --x.spurious_left;
  return true;
}

// First stage: until woken or timed out. Second: until the mutex is free.
void DescribeWait(Fiber* self, pthread_mutex_t* mutex, uint64_t deadline) {
  Waiting& waiting = self->waiting;
  waiting.ready = &IsWoken;
  waiting.then_ready = MutexIsFree();
  waiting.then_object = AddressOf(mutex);
  waiting.woken = false;
  waiting.timed_out = false;
  SetDeadline(self, deadline);
}

int WaitUntil(Fiber* self, pthread_cond_t* condition, pthread_mutex_t* mutex,
              uint64_t deadline, uintptr_t pc) {
  Point(self, Kind::kConditionWait, AddressOf(condition), pc);
  if (!HoldsMutex(self, mutex)) {
    g_execution.outcome.thread = self->id;
    End(Verdict::kCheckFailed,
        "thread %d waits on a condition without holding the mutex", self->id);
  }
  const int32_t depth = WordAt(mutex, 1);
  ReleaseMutex(self, mutex);
  NoteRelease(AddressOf(mutex));
  const bool spurious = IsSpurious();
  DescribeWait(self, mutex, deadline);
  if (spurious) Wake(self);
  const bool in_time = Suspend(self);
  Commit(self);  // the lock that ends the wait
  TakeMutex(self, mutex);
  WordAt(mutex, 1) = depth;
  if (!in_time) NoteFailure();
  return in_time ? 0 : ETIMEDOUT;
}

void Signal(Fiber* self, pthread_cond_t* condition, uintptr_t pc) {
  Point(self, Kind::kSignal, AddressOf(condition), pc);
  const uint64_t waiters = AwaitingWakeup(AddressOf(condition));
  self->spin.Forget();
  if (waiters != 0) WakeOneOf(waiters);
}

void Broadcast(Fiber* self, pthread_cond_t* condition, uintptr_t pc) {
  Point(self, Kind::kBroadcast, AddressOf(condition), pc);
  self->spin.Forget();
  uint64_t waiters = AwaitingWakeup(AddressOf(condition));
  for (; waiters != 0; waiters &= waiters - 1) {
    Wake(&g_execution.fibers[__builtin_ctzll(waiters)]);
  }
}

// The clock of pthread_condattr_setclock, as the C library stores it.
clockid_t ClockOf(pthread_cond_t* condition) {
  const unsigned flags = static_cast<unsigned>(WordAt(condition, 8));
  return (flags & 2) != 0 ? CLOCK_MONOTONIC : CLOCK_REALTIME;
}

}  // namespace
}  // namespace reveille::explore

using namespace reveille::explore;

REVEILLE_INTERPOSE int pthread_cond_wait(pthread_cond_t* condition,
                                         pthread_mutex_t* mutex) {
  Fiber* self = Self();
  if (self == nullptr)
    return REVEILLE_NEXT(pthread_cond_wait)(condition, mutex);
  return WaitUntil(self, condition, mutex, 0, REVEILLE_CALLER);
}

REVEILLE_INTERPOSE int pthread_cond_timedwait(pthread_cond_t* condition,
                                              pthread_mutex_t* mutex,
                                              const timespec* time) {
  Fiber* self = Self();
  if (self == nullptr) {
    return REVEILLE_NEXT(pthread_cond_timedwait)(condition, mutex, time);
  }
  if (!IsValid(*time)) return EINVAL;
  return WaitUntil(self, condition, mutex,
                   DeadlineAt(ClockOf(condition), *time), REVEILLE_CALLER);
}

REVEILLE_INTERPOSE int pthread_cond_clockwait(pthread_cond_t* condition,
                                              pthread_mutex_t* mutex,
                                              clockid_t clock,
                                              const timespec* time) {
  Fiber* self = Self();
  if (self == nullptr) {
    return REVEILLE_NEXT(pthread_cond_clockwait)(condition, mutex, clock, time);
  }
  if (!IsValid(*time)) return EINVAL;
  return WaitUntil(self, condition, mutex, DeadlineAt(clock, *time),
                   REVEILLE_CALLER);
}

REVEILLE_INTERPOSE int pthread_cond_signal(pthread_cond_t* condition) noexcept {
  Fiber* self = Self();
  if (self == nullptr) return REVEILLE_NEXT(pthread_cond_signal)(condition);
  Signal(self, condition, REVEILLE_CALLER);
  return 0;
}

REVEILLE_INTERPOSE int pthread_cond_broadcast(
    pthread_cond_t* condition) noexcept {
  Fiber* self = Self();
  if (self == nullptr) return REVEILLE_NEXT(pthread_cond_broadcast)(condition);
  Broadcast(self, condition, REVEILLE_CALLER);
  return 0;
}

REVEILLE_INTERPOSE int pthread_cond_destroy(
    pthread_cond_t* condition) noexcept {
  Fiber* self = Self();
  if (self == nullptr) return REVEILLE_NEXT(pthread_cond_destroy)(condition);
  if (AwaitingWakeup(AddressOf(condition)) != 0) {
    g_execution.outcome.thread = self->id;
    End(Verdict::kCheckFailed, "a condition is destroyed under its waiters");
  }
  return 0;
}

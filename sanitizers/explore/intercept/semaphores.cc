// sem_t of one process, and pthread_barrier_t.
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>

#include "../virtual_time.h"
#include "intercept.h"

namespace reveille::explore {
namespace {

constexpr uint32_t kMostTokens = 0x7fffffff;  // SEM_VALUE_MAX of Linux

uint32_t& Tokens(sem_t* semaphore) {
  return *reinterpret_cast<uint32_t*>(semaphore);
}

bool HasToken(const Fiber& fiber) {
  return *reinterpret_cast<uint32_t*>(PendingOf(&fiber).object) > 0;
}

int Fail(int error) {
  NoteFailure();
  errno = error;
  return -1;
}

void SetTokens(Fiber* self, sem_t* semaphore, uint32_t tokens) {
  Changed(self, Tokens(semaphore), tokens);
  Tokens(semaphore) = tokens;
  ObjectChanged(AddressOf(semaphore));
}

int WaitUntil(Fiber* self, sem_t* semaphore, uint64_t deadline, uintptr_t pc) {
  if (!PointWhen(self, Kind::kSemaphoreWait, AddressOf(semaphore), pc,
                 &HasToken, deadline)) {
    return Fail(ETIMEDOUT);
  }
  SetTokens(self, semaphore, Tokens(semaphore) - 1);
  return 0;
}

// Words of pthread_barrier_t: how many arrived, in which round, how many are
// needed (where the C library keeps it).
int32_t& Arrived(pthread_barrier_t* barrier) { return WordAt(barrier, 0); }
int32_t& Round(pthread_barrier_t* barrier) { return WordAt(barrier, 1); }
int32_t Needed(pthread_barrier_t* barrier) { return WordAt(barrier, 2); }

bool RoundIsOver(const Fiber& fiber) {
  auto* barrier =
      reinterpret_cast<pthread_barrier_t*>(PendingOf(&fiber).object);
  return Round(barrier) != static_cast<int32_t>(fiber.waiting.argument);
}

int Arrive(Fiber* self, pthread_barrier_t* barrier, uintptr_t pc) {
  const uintptr_t object = AddressOf(barrier);
  Point(self, Kind::kBarrierWait, object, pc);
  const int32_t before = Arrived(barrier);
  Changed(self, static_cast<uint64_t>(before),
          static_cast<uint64_t>(before) + 1);
  if (before + 1 == Needed(barrier)) {
    Arrived(barrier) = 0;
    ++Round(barrier);
    ObjectChanged(object);
    return PTHREAD_BARRIER_SERIAL_THREAD;
  }
  Arrived(barrier) = before + 1;
  self->waiting.argument = static_cast<uint64_t>(Round(barrier));
  self->waiting.ready = &RoundIsOver;
  self->waiting.then_ready = nullptr;
  self->waiting.timed_out = false;
  Suspend(self);
  return 0;
}

}  // namespace
}  // namespace reveille::explore

using namespace reveille::explore;

REVEILLE_INTERPOSE int sem_wait(sem_t* semaphore) {
  Fiber* self = Self();
  if (self == nullptr) return REVEILLE_NEXT(sem_wait)(semaphore);
  return WaitUntil(self, semaphore, 0, REVEILLE_CALLER);
}

REVEILLE_INTERPOSE int sem_timedwait(sem_t* semaphore, const timespec* time) {
  Fiber* self = Self();
  if (self == nullptr) return REVEILLE_NEXT(sem_timedwait)(semaphore, time);
  if (!IsValid(*time)) return Fail(EINVAL);
  return WaitUntil(self, semaphore, DeadlineAt(CLOCK_REALTIME, *time),
                   REVEILLE_CALLER);
}

REVEILLE_INTERPOSE int sem_clockwait(sem_t* semaphore, clockid_t clock,
                                     const timespec* time) {
  Fiber* self = Self();
  if (self == nullptr) {
    return REVEILLE_NEXT(sem_clockwait)(semaphore, clock, time);
  }
  if (!IsValid(*time)) return Fail(EINVAL);
  return WaitUntil(self, semaphore, DeadlineAt(clock, *time), REVEILLE_CALLER);
}

REVEILLE_INTERPOSE int sem_trywait(sem_t* semaphore) noexcept {
  Fiber* self = Self();
  if (self == nullptr) return REVEILLE_NEXT(sem_trywait)(semaphore);
  Point(self, Kind::kSemaphoreTryWait, AddressOf(semaphore), REVEILLE_CALLER);
  if (Tokens(semaphore) == 0) {
    Saw(self, 0);
    return Fail(EAGAIN);
  }
  SetTokens(self, semaphore, Tokens(semaphore) - 1);
  return 0;
}

REVEILLE_INTERPOSE int sem_post(sem_t* semaphore) noexcept {
  Fiber* self = Self();
  if (self == nullptr) return REVEILLE_NEXT(sem_post)(semaphore);
  Point(self, Kind::kSemaphorePost, AddressOf(semaphore), REVEILLE_CALLER);
  if (Tokens(semaphore) == kMostTokens) return Fail(EOVERFLOW);
  SetTokens(self, semaphore, Tokens(semaphore) + 1);
  return 0;
}

REVEILLE_INTERPOSE int sem_getvalue(sem_t* semaphore, int* value) noexcept {
  Fiber* self = Self();
  if (self == nullptr) return REVEILLE_NEXT(sem_getvalue)(semaphore, value);
  Point(self, Kind::kLoad, AddressOf(semaphore), REVEILLE_CALLER);
  *value = static_cast<int>(Tokens(semaphore));
  Saw(self, Tokens(semaphore));
  return 0;
}

REVEILLE_INTERPOSE int pthread_barrier_wait(
    pthread_barrier_t* barrier) noexcept {
  Fiber* self = Self();
  if (self == nullptr) return REVEILLE_NEXT(pthread_barrier_wait)(barrier);
  return Arrive(self, barrier, REVEILLE_CALLER);
}

REVEILLE_INTERPOSE int pthread_barrier_destroy(
    pthread_barrier_t* barrier) noexcept {
  if (Self() == nullptr) return REVEILLE_NEXT(pthread_barrier_destroy)(barrier);
  return 0;
}

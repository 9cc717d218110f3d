// pthread_mutex_* and pthread_spin_*.
#include "mutexes.h"

#include <errno.h>
#include <pthread.h>

#include "../virtual_time.h"
#include "intercept.h"

namespace reveille::explore {
namespace {

// Words of pthread_mutex_t that the model uses.
enum { kOwner = 0, kDepth = 1, kKind = 4 };

int32_t& Owner(pthread_mutex_t* mutex) { return WordAt(mutex, kOwner); }
int32_t& Depth(pthread_mutex_t* mutex) { return WordAt(mutex, kDepth); }

int TypeOf(pthread_mutex_t* mutex) { return WordAt(mutex, kKind) & 3; }
bool IsRobust(pthread_mutex_t* mutex) {
  return (WordAt(mutex, kKind) & 0x10) != 0;
}

pthread_mutex_t* MutexAt(uintptr_t object) {
  return reinterpret_cast<pthread_mutex_t*>(object);
}

bool IsFree(const Fiber& fiber) {
  return Owner(MutexAt(PendingOf(&fiber).object)) == 0;
}

bool Holds(const Fiber* self, pthread_mutex_t* mutex) {
  return Owner(mutex) == self->id + 1;
}

// The mutex is held by the caller already: what its kind says to that. True
// when *error is the answer, false when the caller must wait (for ever).
bool AnswerRelock(Fiber* self, pthread_mutex_t* mutex, int* error) {
  if (!Holds(self, mutex)) return false;
  if (TypeOf(mutex) == PTHREAD_MUTEX_RECURSIVE_NP) {
    ++Depth(mutex);
    *error = 0;
    return true;
  }
  *error = EDEADLK;
  return TypeOf(mutex) == PTHREAD_MUTEX_ERRORCHECK_NP;
}

int LockUntil(Fiber* self, pthread_mutex_t* mutex, uint64_t deadline,
              uintptr_t pc) {
  int error;
  if (AnswerRelock(self, mutex, &error)) return error;
  if (IsRobust(mutex)) Refuse("a robust mutex");
  const uintptr_t object = AddressOf(mutex);
  if (!PointWhen(self, Kind::kLock, object, pc, &IsFree, deadline)) {
    NoteFailure();
    return ETIMEDOUT;
  }
  TakeMutex(self, mutex);
  return 0;
}

int TryLock(Fiber* self, pthread_mutex_t* mutex, uintptr_t pc) {
  int error;
  if (TypeOf(mutex) == PTHREAD_MUTEX_RECURSIVE_NP &&
      AnswerRelock(self, mutex, &error)) {
    return error;
  }
  Point(self, Kind::kTryLock, AddressOf(mutex), pc);
  if (Owner(mutex) != 0) {
    Saw(self, static_cast<uint64_t>(Owner(mutex)));
    NoteFailure();
    return EBUSY;
  }
  TakeMutex(self, mutex);
  return 0;
}

int Unlock(Fiber* self, pthread_mutex_t* mutex, uintptr_t pc) {
  if (!Holds(self, mutex)) {
    if (TypeOf(mutex) == PTHREAD_MUTEX_ERRORCHECK_NP ||
        TypeOf(mutex) == PTHREAD_MUTEX_RECURSIVE_NP) {
      return EPERM;
    }
    g_execution.outcome.thread = self->id;
    Remark(self, Kind::kUnlock, AddressOf(mutex), pc);
    End(Verdict::kCheckFailed,
        "thread %d unlocks a mutex that it does not hold", self->id);
  }
  if (Depth(mutex) > 1) {
    --Depth(mutex);
    return 0;
  }
  Point(self, Kind::kUnlock, AddressOf(mutex), pc);
  ReleaseMutex(self, mutex);
  return 0;
}

}  // namespace

void TakeMutex(Fiber* self, pthread_mutex_t* mutex) {
  Owner(mutex) = self->id + 1;
  Depth(mutex) = 1;
  Changed(self, 0, self->id + 1u);
  ObjectChanged(AddressOf(mutex));
}

void ReleaseMutex(Fiber* self, pthread_mutex_t* mutex) {
  Owner(mutex) = 0;
  Depth(mutex) = 0;
  Changed(self, self->id + 1u, 0);
  ObjectChanged(AddressOf(mutex));
}

bool HoldsMutex(const Fiber* self, pthread_mutex_t* mutex) {
  return Holds(self, mutex);
}

Ready MutexIsFree() { return &IsFree; }

}  // namespace reveille::explore

using namespace reveille::explore;

REVEILLE_INTERPOSE int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  Fiber* self = Self();
  if (self == nullptr) return REVEILLE_NEXT(pthread_mutex_lock)(mutex);
  return LockUntil(self, mutex, 0, REVEILLE_CALLER);
}

REVEILLE_INTERPOSE int pthread_mutex_trylock(pthread_mutex_t* mutex) noexcept {
  Fiber* self = Self();
  if (self == nullptr) return REVEILLE_NEXT(pthread_mutex_trylock)(mutex);
  return TryLock(self, mutex, REVEILLE_CALLER);
}

REVEILLE_INTERPOSE int pthread_mutex_timedlock(pthread_mutex_t* mutex,
                                               const timespec* time) noexcept {
  Fiber* self = Self();
  if (self == nullptr) {
    return REVEILLE_NEXT(pthread_mutex_timedlock)(mutex, time);
  }
  if (!IsValid(*time)) return EINVAL;
  return LockUntil(self, mutex, DeadlineAt(CLOCK_REALTIME, *time),
                   REVEILLE_CALLER);
}

REVEILLE_INTERPOSE int pthread_mutex_clocklock(pthread_mutex_t* mutex,
                                               clockid_t clock,
                                               const timespec* time) noexcept {
  Fiber* self = Self();
  if (self == nullptr) {
    return REVEILLE_NEXT(pthread_mutex_clocklock)(mutex, clock, time);
  }
  if (!IsValid(*time)) return EINVAL;
  return LockUntil(self, mutex, DeadlineAt(clock, *time), REVEILLE_CALLER);
}

REVEILLE_INTERPOSE int pthread_mutex_unlock(pthread_mutex_t* mutex) noexcept {
  Fiber* self = Self();
  if (self == nullptr) return REVEILLE_NEXT(pthread_mutex_unlock)(mutex);
  return Unlock(self, mutex, REVEILLE_CALLER);
}

REVEILLE_INTERPOSE int pthread_mutex_destroy(pthread_mutex_t* mutex) noexcept {
  if (Self() == nullptr) return REVEILLE_NEXT(pthread_mutex_destroy)(mutex);
  return WordAt(mutex, kOwner) != 0 ? EBUSY : 0;
}

// --- spin locks: an int, 1 when free, as in the C library

namespace {

int32_t* SpinAt(pthread_spinlock_t* lock) { return const_cast<int32_t*>(lock); }

bool SpinIsFree(const Fiber& fiber) {
  return *reinterpret_cast<int32_t*>(PendingOf(&fiber).object) == 1;
}

void SetSpin(Fiber* self, pthread_spinlock_t* lock, int32_t value) {
  Changed(self, static_cast<uint64_t>(*SpinAt(lock)),
          static_cast<uint64_t>(value));
  *SpinAt(lock) = value;
  ObjectChanged(AddressOf(lock));
}

}  // namespace

REVEILLE_INTERPOSE int pthread_spin_lock(pthread_spinlock_t* lock) noexcept {
  Fiber* self = Self();
  if (self == nullptr) return REVEILLE_NEXT(pthread_spin_lock)(lock);
  PointWhen(self, Kind::kLock, AddressOf(lock), REVEILLE_CALLER, &SpinIsFree);
  SetSpin(self, lock, 0);
  return 0;
}

REVEILLE_INTERPOSE int pthread_spin_trylock(pthread_spinlock_t* lock) noexcept {
  Fiber* self = Self();
  if (self == nullptr) return REVEILLE_NEXT(pthread_spin_trylock)(lock);
  Point(self, Kind::kTryLock, AddressOf(lock), REVEILLE_CALLER);
  if (*SpinAt(lock) != 1) {
    Saw(self, 0);
    NoteFailure();
    return EBUSY;
  }
  SetSpin(self, lock, 0);
  return 0;
}

REVEILLE_INTERPOSE int pthread_spin_unlock(pthread_spinlock_t* lock) noexcept {
  Fiber* self = Self();
  if (self == nullptr) return REVEILLE_NEXT(pthread_spin_unlock)(lock);
  Point(self, Kind::kUnlock, AddressOf(lock), REVEILLE_CALLER);
  SetSpin(self, lock, 1);
  return 0;
}

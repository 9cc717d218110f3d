// pthread_rwlock_*: no preference between readers and writers; whoever finds
// the lock free enough may take it, and the strategy decides who looks first.
#include <errno.h>
#include <pthread.h>

#include "../virtual_time.h"
#include "intercept.h"

namespace reveille::explore {
namespace {

// Words of pthread_rwlock_t that the model uses.
int32_t& Readers(pthread_rwlock_t* lock) { return WordAt(lock, 0); }
int32_t& Writer(pthread_rwlock_t* lock) { return WordAt(lock, 1); }

pthread_rwlock_t* LockOf(const Fiber& fiber) {
  return reinterpret_cast<pthread_rwlock_t*>(PendingOf(&fiber).object);
}

bool Readable(const Fiber& fiber) { return Writer(LockOf(fiber)) == 0; }
bool Writable(const Fiber& fiber) {
  return Readable(fiber) && Readers(LockOf(fiber)) == 0;
}

void Settle(Fiber* self, pthread_rwlock_t* lock, int32_t readers,
            int32_t writer) {
  const uint64_t before = static_cast<uint64_t>(Readers(lock)) << 8 |
                          static_cast<uint64_t>(Writer(lock));
  Readers(lock) = readers;
  Writer(lock) = writer;
  Changed(self, before,
          static_cast<uint64_t>(readers) << 8 | static_cast<uint64_t>(writer));
  ObjectChanged(AddressOf(lock));
}

int ReadLockUntil(Fiber* self, pthread_rwlock_t* lock, uint64_t deadline,
                  uintptr_t pc) {
  if (Writer(lock) == self->id + 1) return EDEADLK;
  if (!PointWhen(self, Kind::kReadLock, AddressOf(lock), pc, &Readable,
                 deadline)) {
    NoteFailure();
    return ETIMEDOUT;
  }
  Settle(self, lock, Readers(lock) + 1, 0);
  return 0;
}

int WriteLockUntil(Fiber* self, pthread_rwlock_t* lock, uint64_t deadline,
                   uintptr_t pc) {
  if (Writer(lock) == self->id + 1) return EDEADLK;
  if (!PointWhen(self, Kind::kLock, AddressOf(lock), pc, &Writable, deadline)) {
    NoteFailure();
    return ETIMEDOUT;
  }
  Settle(self, lock, 0, self->id + 1);
  return 0;
}

int TryLock(Fiber* self, pthread_rwlock_t* lock, Kind kind, uintptr_t pc) {
  Point(self, kind, AddressOf(lock), pc);
  const bool shared = kind == Kind::kTryReadLock;
  if (shared ? !Readable(*self) : !Writable(*self)) {
    Saw(self, static_cast<uint64_t>(Writer(lock)));
    NoteFailure();
    return EBUSY;
  }
  Settle(self, lock, shared ? Readers(lock) + 1 : 0, shared ? 0 : self->id + 1);
  return 0;
}

int Unlock(Fiber* self, pthread_rwlock_t* lock, uintptr_t pc) {
  Point(self, Kind::kUnlock, AddressOf(lock), pc);
  if (Writer(lock) == self->id + 1) {
    Settle(self, lock, 0, 0);
  } else if (Writer(lock) == 0 && Readers(lock) > 0) {
    Settle(self, lock, Readers(lock) - 1, 0);
  } else {
    g_execution.outcome.thread = self->id;
    End(Verdict::kCheckFailed,
        "thread %d unlocks a read-write lock that it does not hold", self->id);
  }
  return 0;
}

}  // namespace
}  // namespace reveille::explore

using namespace reveille::explore;

#define REVEILLE_RWLOCK(name, call)                              \
  REVEILLE_INTERPOSE int name(pthread_rwlock_t* lock) noexcept { \
    Fiber* self = Self();                                        \
    if (self == nullptr) return REVEILLE_NEXT(name)(lock);       \
    return call;                                                 \
  }

#define REVEILLE_TIMED_RWLOCK(name, function)                      \
  REVEILLE_INTERPOSE int name(pthread_rwlock_t* lock,              \
                              const timespec* time) noexcept {     \
    Fiber* self = Self();                                          \
    if (self == nullptr) return REVEILLE_NEXT(name)(lock, time);   \
    if (!IsValid(*time)) return EINVAL;                            \
    return function(self, lock, DeadlineAt(CLOCK_REALTIME, *time), \
                    REVEILLE_CALLER);                              \
  }

#define REVEILLE_CLOCK_RWLOCK(name, function)                               \
  REVEILLE_INTERPOSE int name(pthread_rwlock_t* lock, clockid_t clock,      \
                              const timespec* time) noexcept {              \
    Fiber* self = Self();                                                   \
    if (self == nullptr) return REVEILLE_NEXT(name)(lock, clock, time);     \
    if (!IsValid(*time)) return EINVAL;                                     \
    return function(self, lock, DeadlineAt(clock, *time), REVEILLE_CALLER); \
  }

REVEILLE_RWLOCK(pthread_rwlock_rdlock,
                ReadLockUntil(self, lock, 0, REVEILLE_CALLER))
REVEILLE_RWLOCK(pthread_rwlock_wrlock,
                WriteLockUntil(self, lock, 0, REVEILLE_CALLER))
REVEILLE_RWLOCK(pthread_rwlock_tryrdlock,
                TryLock(self, lock, Kind::kTryReadLock, REVEILLE_CALLER))
REVEILLE_RWLOCK(pthread_rwlock_trywrlock,
                TryLock(self, lock, Kind::kTryLock, REVEILLE_CALLER))
REVEILLE_RWLOCK(pthread_rwlock_unlock, Unlock(self, lock, REVEILLE_CALLER))
REVEILLE_TIMED_RWLOCK(pthread_rwlock_timedrdlock, ReadLockUntil)
REVEILLE_TIMED_RWLOCK(pthread_rwlock_timedwrlock, WriteLockUntil)
REVEILLE_CLOCK_RWLOCK(pthread_rwlock_clockrdlock, ReadLockUntil)
REVEILLE_CLOCK_RWLOCK(pthread_rwlock_clockwrlock, WriteLockUntil)

REVEILLE_INTERPOSE int pthread_rwlock_destroy(pthread_rwlock_t* lock) noexcept {
  if (Self() == nullptr) return REVEILLE_NEXT(pthread_rwlock_destroy)(lock);
  return 0;
}

// Checks of the protocol's invariants. REVEILLE_CHECK stays on in release
// builds; REVEILLE_DCHECK is for debug builds only. Both print the whole state
// of the scheduler, without taking any lock, and end the process.
#ifndef REVEILLE_SCHEDULER_CHECK_H_
#define REVEILLE_SCHEDULER_CHECK_H_

namespace reveille::internal {

class Sched;

[[noreturn]] void CheckFailed(const Sched* sched, const char* file, int line,
                              const char* condition, const char* invariant);

}  // namespace reveille::internal

#define REVEILLE_CHECK(sched, condition, invariant)                     \
  (__builtin_expect(static_cast<bool>(condition), 1)                    \
       ? static_cast<void>(0)                                           \
       : ::reveille::internal::CheckFailed((sched), __FILE__, __LINE__, \
                                           #condition, (invariant)))

#ifdef NDEBUG
#define REVEILLE_DCHECK(sched, condition, invariant) \
  static_cast<void>(sizeof(static_cast<bool>(condition)))
#else
#define REVEILLE_DCHECK(sched, condition, invariant) \
  REVEILLE_CHECK(sched, condition, invariant)
#endif

#endif  // REVEILLE_SCHEDULER_CHECK_H_

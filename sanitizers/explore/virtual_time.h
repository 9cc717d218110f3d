// Time as the code under test sees it: it stands still while anybody can run,
// and leaps to the next deadline when nobody can.
#ifndef REVEILLE_SANITIZERS_EXPLORE_VIRTUAL_TIME_H_
#define REVEILLE_SANITIZERS_EXPLORE_VIRTUAL_TIME_H_

#include <stdint.h>
#include <time.h>

namespace reveille::explore {

struct Fiber;

// Virtual nanoseconds since the virtual machine was switched on.
uint64_t Now();

// How far time has leapt in this execution while somebody could run; 0 but for
// ExecutionLimits::early_timers. A thread that worked out how long to sleep and
// had not yet gone to sleep wakes up so much too late, and is not to blame.
uint64_t EarlyNanoseconds();

// What a clock shows, in nanoseconds of that clock. Reading a clock makes time
// advance a little, and the more the longer a thread does nothing else, so that
// a loop up to a deadline ends. False for clocks that are not modelled.
bool ReadClock(Fiber* self, clockid_t clock, uint64_t* nanoseconds);

// The deadline, in virtual time, of an absolute time on `clock` or of a span
// from now. Never 0, which means no deadline.
uint64_t DeadlineAt(clockid_t clock, const timespec& time);
uint64_t DeadlineAfter(uint64_t nanoseconds);
uint64_t DeadlineAfter(const timespec& span);

bool IsValid(const timespec& time);
timespec ToTimespec(uint64_t nanoseconds);

// A source of deadlines besides waiting threads (timer descriptors): the
// earliest one after `now`, or 0, and the call when time has come to it.
struct TimerSource {
  uint64_t (*earliest)();
  void (*fire)(uint64_t now);
};
void AddTimerSource(const TimerSource& source);

// Leaps to the earliest deadline and makes everything due happen. False when
// there is no deadline to leap to, or none that would mean anything: see
// OnlyTheClockTurns().
bool LeapToNextDeadline();

// True when nothing but periodic wakes of threads that went straight back to
// sleep has happened for a long virtual time.
bool OnlyTheClockTurns();

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_VIRTUAL_TIME_H_

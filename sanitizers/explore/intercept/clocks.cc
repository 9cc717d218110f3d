// Clocks and sleeps: virtual time.
#include <errno.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "../virtual_time.h"
#include "intercept.h"

namespace reveille::explore {
namespace {

constexpr uint64_t kSecond = 1000000000;

bool Never(const Fiber&) { return false; }

void SleepUntil(Fiber* self, uint64_t deadline, uintptr_t pc) {
  // A sleep meets nobody: its object is the thread itself.
  PointWhen(self, Kind::kSleep, ThreadObject(self->id), pc, &Never, deadline);
}

int SleepOn(Fiber* self, clockid_t clock, int flags, const timespec* time,
            uintptr_t pc) {
  if (!IsValid(*time) || time->tv_sec < 0) return EINVAL;
  SleepUntil(self,
             (flags & TIMER_ABSTIME) != 0 ? DeadlineAt(clock, *time)
                                          : DeadlineAfter(*time),
             pc);
  return 0;
}

uint64_t RealTime(Fiber* self) {
  uint64_t now = 0;
  ReadClock(self, CLOCK_REALTIME, &now);
  return now;
}

}  // namespace
}  // namespace reveille::explore

using namespace reveille::explore;

REVEILLE_INTERPOSE int clock_gettime(clockid_t clock, timespec* time) noexcept {
  Fiber* self = Self();
  if (self == nullptr) return REVEILLE_NEXT(clock_gettime)(clock, time);
  uint64_t now;
  if (!ReadClock(self, clock, &now)) {
    errno = EINVAL;
    return -1;
  }
  *time = ToTimespec(now);
  return 0;
}

REVEILLE_INTERPOSE int clock_getres(clockid_t clock, timespec* time) noexcept {
  if (Self() == nullptr) return REVEILLE_NEXT(clock_getres)(clock, time);
  if (time != nullptr) *time = {0, 1};
  return 0;
}

REVEILLE_INTERPOSE int gettimeofday(timeval* time, void*) noexcept {
  Fiber* self = Self();
  if (self == nullptr) return REVEILLE_NEXT(gettimeofday)(time, nullptr);
  const uint64_t now = RealTime(self);
  time->tv_sec = static_cast<time_t>(now / kSecond);
  time->tv_usec = static_cast<suseconds_t>(now % kSecond / 1000);
  return 0;
}

REVEILLE_INTERPOSE time_t time(time_t* result) noexcept {
  Fiber* self = Self();
  if (self == nullptr) return REVEILLE_NEXT(time)(result);
  const time_t now = static_cast<time_t>(RealTime(self) / kSecond);
  if (result != nullptr) *result = now;
  return now;
}

REVEILLE_INTERPOSE int timespec_get(timespec* time, int base) noexcept {
  Fiber* self = Self();
  if (self == nullptr) return REVEILLE_NEXT(timespec_get)(time, base);
  if (base != TIME_UTC) return 0;
  *time = ToTimespec(RealTime(self));
  return base;
}

REVEILLE_INTERPOSE clock_t clock() noexcept {
  Fiber* self = Self();
  if (self == nullptr) return REVEILLE_NEXT(clock)();
  uint64_t now = 0;
  ReadClock(self, CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<clock_t>(now / (kSecond / CLOCKS_PER_SEC));
}

REVEILLE_INTERPOSE int nanosleep(const timespec* span, timespec* left) {
  Fiber* self = Self();
  if (self == nullptr) return REVEILLE_NEXT(nanosleep)(span, left);
  errno = SleepOn(self, CLOCK_MONOTONIC, 0, span, REVEILLE_CALLER);
  return errno == 0 ? 0 : -1;
}

REVEILLE_INTERPOSE int clock_nanosleep(clockid_t clock, int flags,
                                       const timespec* time, timespec* left) {
  Fiber* self = Self();
  if (self == nullptr) {
    return REVEILLE_NEXT(clock_nanosleep)(clock, flags, time, left);
  }
  return SleepOn(self, clock, flags, time, REVEILLE_CALLER);
}

REVEILLE_INTERPOSE int usleep(useconds_t microseconds) {
  Fiber* self = Self();
  if (self == nullptr) return REVEILLE_NEXT(usleep)(microseconds);
  SleepUntil(self, DeadlineAfter(uint64_t{microseconds} * 1000),
             REVEILLE_CALLER);
  return 0;
}

REVEILLE_INTERPOSE unsigned sleep(unsigned seconds) {
  Fiber* self = Self();
  if (self == nullptr) return REVEILLE_NEXT(sleep)(seconds);
  SleepUntil(self, DeadlineAfter(uint64_t{seconds} * kSecond), REVEILLE_CALLER);
  return 0;
}

#include "virtual_time.h"

#include "execution.h"

namespace reveille::explore {
namespace {

constexpr uint64_t kSecond = 1000000000;
// CLOCK_REALTIME when the virtual machine is switched on: some day in 2023.
constexpr uint64_t kRealtimeOffset = 1700000000 * kSecond;
constexpr uint64_t kLeastClockStep = 1000;
constexpr uint32_t kMostDoublings = 10;

// Housekeeping threads wake and sleep again without end. After this many leaps
// in which nothing happened for a reason, threads that are driven by the clock
// alone are made to oversleep until somebody else's deadline.
constexpr uint64_t kPatience = 64;
// And with nobody else's deadline left, this many leaps and this much time.
constexpr uint64_t kMostIdleLeaps = 2000;
constexpr uint64_t kLongTime = 20 * kSecond;

constexpr int kMostSources = 4;
TimerSource g_sources[kMostSources];
int g_source_count;

constexpr uint64_t kClockBit = uint64_t{1} << kClockThread;

uint64_t EarlierOf(uint64_t a, uint64_t b) {
  if (a == 0 || b == 0) return a | b;
  return a < b ? a : b;
}

uint64_t EarliestSource() {
  uint64_t earliest = 0;
  for (int i = 0; i < g_source_count; ++i) {
    earliest = EarlierOf(earliest, g_sources[i].earliest());
  }
  return earliest;
}

uint64_t EarliestWaiter(bool without_clock_driven) {
  Execution& x = g_execution;
  uint64_t earliest = 0;
  for (uint64_t rest = x.waiting; rest != 0; rest &= rest - 1) {
    const Fiber& fiber = x.fibers[__builtin_ctzll(rest)];
    if (without_clock_driven && fiber.clock_driven) continue;
    earliest = EarlierOf(earliest, fiber.waiting.deadline);
  }
  return earliest;
}

uint64_t EarliestDeadline() {
  return EarlierOf(EarliestWaiter(false), EarliestSource());
}

void FireWaiters(bool without_clock_driven) {
  Execution& x = g_execution;
  for (uint64_t rest = x.waiting; rest != 0; rest &= rest - 1) {
    Fiber* fiber = &x.fibers[__builtin_ctzll(rest)];
    if (without_clock_driven && fiber->clock_driven) continue;
    const uint64_t deadline = fiber->waiting.deadline;
    if (deadline != 0 && deadline <= x.now) TimeOut(fiber);
  }
}

void LeapTo(uint64_t deadline, bool without_clock_driven) {
  Execution& x = g_execution;
  if (x.now < deadline) x.now = deadline;
  FireWaiters(without_clock_driven);
  x.clock_fires = true;
  for (int i = 0; i < g_source_count; ++i) g_sources[i].fire(x.now);
  x.clock_fires = false;
}

void CountLeap() {
  Execution& x = g_execution;
  if (x.progress != x.progress_at_leap) {
    x.progress_at_leap = x.progress;
    x.idle_leaps = 0;
    x.idle_since = x.now;
  }
  ++x.idle_leaps;
}

uint64_t ClockStep(Fiber* self) {
  uint32_t doublings = self->spin.clock_reads++;
  if (doublings > kMostDoublings) doublings = kMostDoublings;
  return kLeastClockStep << doublings;
}

}  // namespace

uint64_t Now() { return g_execution.now; }

uint64_t EarlyNanoseconds() { return g_execution.early_nanoseconds; }

bool ReadClock(Fiber* self, clockid_t clock, uint64_t* nanoseconds) {
  Execution& x = g_execution;
  x.now += ClockStep(self);
  switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_TAI:
      *nanoseconds = x.now + kRealtimeOffset;
      return true;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_BOOTTIME:
    case CLOCK_PROCESS_CPUTIME_ID:
    case CLOCK_THREAD_CPUTIME_ID:
      *nanoseconds = x.now;
      return true;
    default:
      return false;
  }
}

bool IsValid(const timespec& time) {
  return time.tv_nsec >= 0 && time.tv_nsec < static_cast<long>(kSecond);
}

timespec ToTimespec(uint64_t nanoseconds) {
  return {static_cast<time_t>(nanoseconds / kSecond),
          static_cast<long>(nanoseconds % kSecond)};
}

namespace {

// Saturating: "wait for the largest duration" means wait for ever, almost.
uint64_t Nanoseconds(const timespec& time) {
  constexpr uint64_t kMost = uint64_t{1} << 62;
  if (time.tv_sec < 0) return 0;
  if (static_cast<uint64_t>(time.tv_sec) >= kMost / kSecond) return kMost;
  return static_cast<uint64_t>(time.tv_sec) * kSecond +
         static_cast<uint64_t>(time.tv_nsec);
}

}  // namespace

uint64_t DeadlineAt(clockid_t clock, const timespec& time) {
  uint64_t at = Nanoseconds(time);
  if (clock == CLOCK_REALTIME) {
    at = at > kRealtimeOffset ? at - kRealtimeOffset : 0;
  }
  return at == 0 ? 1 : at;
}

uint64_t DeadlineAfter(uint64_t nanoseconds) { return Now() + nanoseconds; }

uint64_t DeadlineAfter(const timespec& span) {
  return DeadlineAfter(Nanoseconds(span));
}

void AddTimerSource(const TimerSource& source) {
  if (g_source_count == kMostSources) __builtin_trap();
  g_sources[g_source_count++] = source;
}

void SetDeadline(Fiber* self, uint64_t deadline) {
  Execution& x = g_execution;
  self->waiting.deadline = deadline;
  if (deadline != 0 && x.early_timers_left > 0) x.enabled |= kClockBit;
}

void FireEarlyTimer() {
  Execution& x = g_execution;
  const uint64_t deadline = EarliestDeadline();
  if (deadline != 0) {
    --x.early_timers_left;
    ++x.progress;
    const uint64_t before = x.now;
    LeapTo(deadline, false);
    x.early_nanoseconds += x.now - before;
  }
  if (x.early_timers_left == 0 || EarliestDeadline() == 0) {
    x.enabled &= ~kClockBit;
  }
}

bool OnlyTheClockTurns() {
  Execution& x = g_execution;
  return x.idle_leaps > kMostIdleLeaps && x.now - x.idle_since > kLongTime;
}

bool LeapToNextDeadline() {
  Execution& x = g_execution;
  CountLeap();
  uint64_t deadline = EarlierOf(EarliestWaiter(true), EarliestSource());
  if (x.idle_leaps > kPatience && deadline != 0) {
    LeapTo(deadline, true);
    return true;
  }
  deadline = EarliestDeadline();
  if (deadline == 0 || OnlyTheClockTurns()) return false;
  LeapTo(deadline, false);
  return true;
}

}  // namespace reveille::explore

#include "scheduler/note.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "reveille/internal/mutex.h"

namespace reveille::internal {

void FutexWait(std::atomic<uint32_t>* word, uint32_t expected,
               int64_t deadline_ns) {
  timespec until{deadline_ns / 1000000000, deadline_ns % 1000000000};
  // FUTEX_WAIT_BITSET takes an absolute time, so that a signal does not make
  // the wait longer.
  syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, expected,
          deadline_ns < 0 ? nullptr : &until, nullptr, FUTEX_BITSET_MATCH_ANY);
}

void FutexWake(std::atomic<uint32_t>* word, int count) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, nullptr, nullptr, 0);
}

int64_t NowNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000000000 + now.tv_nsec;
}

void SpinPause() { __builtin_ia32_pause(); }

// False: the wake has come already.
bool Note::Announce() {
  uint32_t seen = kClear;
  return word_.compare_exchange_strong(seen, kSleeping) || seen != kWoken;
}

bool Note::SleepUntil(int64_t deadline_ns) {
  if (!Announce()) return true;
  while (word_.load() != kWoken) {
    if (deadline_ns >= 0 && NowNs() >= deadline_ns) return Retract();
    FutexWait(&word_, kSleeping, deadline_ns);
  }
  return true;
}

bool Note::Retract() {
  uint32_t seen = kSleeping;
  // A failure means that the wake has come after all.
  return !word_.compare_exchange_strong(seen, kClear);
}

bool Note::SpinForWake(int rounds) const {
  for (int i = 0; i < rounds; ++i) {
    if (IsWoken()) return true;
    SpinPause();
  }
  return false;
}

void Mutex::LockSlow() {
  for (int i = 0; i < 60; ++i) {
    SpinPause();
    if (mutex_.try_lock()) return;
  }
  mutex_.lock();
}

}  // namespace reveille::internal

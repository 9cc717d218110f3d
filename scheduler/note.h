// One-shot sleep and wakeup on a raw futex (Go: runtime/lock_futex.go, note).
//
// Why not std: glibc before 2.41 can lose a pthread_cond_signal (BZ 25847), and
// libstdc++'s counting_semaphore loses wakeups (PR 98033).
//
// One sleeper, one Wake() for each Clear(). A Wake() that comes before the
// Sleep() is not lost. The sleeper clears the note after it has woken, never
// before it sleeps: a Clear() in front of the Sleep() would eat the wake that
// came in between.
#ifndef REVEILLE_SCHEDULER_NOTE_H_
#define REVEILLE_SCHEDULER_NOTE_H_

#include <atomic>
#include <cstdint>

namespace reveille::internal {

// Sleeps while *word == expected, until woken or until `deadline_ns` on
// CLOCK_MONOTONIC (negative: none). May return for no reason.
void FutexWait(std::atomic<uint32_t>* word, uint32_t expected,
               int64_t deadline_ns);
void FutexWake(std::atomic<uint32_t>* word, int count);
int64_t NowNs();  // CLOCK_MONOTONIC.
// Tells the processor that this is a spin loop.
void SpinPause();

class Note {
 public:
  // Owner of the note only, with no Wake() on its way.
  void Clear() { word_.store(kClear); }

  // Any thread. The sleeper may go on, and what holds the note may be gone,
  // before this returns: the kernel is told an address, nothing is read there.
  void Wake() {
    if (word_.exchange(kWoken) == kSleeping) FutexWake(&word_, 1);
  }

  // The sleeper only. True: a system call was needed to wake it.
  bool Sleep() { return Announce() && SleepUntil(-1); }
  // False: the deadline came first. The note is then still to be woken.
  bool SleepUntil(int64_t deadline_ns);
  // Looks a few times whether the wake has come, before Sleep() would ask the
  // kernel.
  bool SpinForWake(int rounds) const;
  bool IsWoken() const { return word_.load() == kWoken; }

 private:
  bool Announce();
  bool Retract();

  static constexpr uint32_t kClear = 0;
  static constexpr uint32_t kSleeping = 1;
  static constexpr uint32_t kWoken = 2;
  std::atomic<uint32_t> word_{kClear};
};

}  // namespace reveille::internal

#endif  // REVEILLE_SCHEDULER_NOTE_H_

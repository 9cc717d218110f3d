// The one place where an execution is not yet decided.
//
// Everything that could go one way or another (next thread, which waiter,
// spurious wakeup, early timer, random value) is a Choice with a tag. The
// sequence of choices is the schedule: it decides the execution completely.
#ifndef REVEILLE_SANITIZERS_EXPLORE_CHOICE_H_
#define REVEILLE_SANITIZERS_EXPLORE_CHOICE_H_

#include <stddef.h>
#include <stdint.h>

#include "event.h"

namespace reveille::explore {

// Threads that can be alive at once. The highest number is the clock, a
// pseudo-thread whose step makes the earliest timer fire early.
inline constexpr int kMaxThreads = 63;
inline constexpr int kClockThread = 63;

// No execution makes more.
inline constexpr size_t kMostChoices = size_t{1} << 22;

// The letters are those of the schedule file.
enum class Tag : uint8_t {
  kThread = 't',    // who runs next; the value is the thread's number
  kWaiter = 'w',    // which waiter a wakeup reaches
  kSpurious = 's',  // 1: this wait returns without a wakeup
  kSpin = 'b',      // 0: hold a spinning thread back; 1: let it spin itself out
  kRandom = 'r',    // random numbers that the code under test asked for
  kUser = 'u',      // Choose() called by the code under test
};

struct Choice {
  uint32_t value : 24;
  uint32_t tag : 8;
};

// What a strategy sees when it is asked.
struct ChoicePoint {
  Tag tag;
  uint8_t running;   // thread that did the last operation
  uint32_t count;    // how many options; the answer is below it
  uint64_t threads;  // kThread: one bit per enabled thread, option i is the
                     // i-th lowest bit
  const PendingEvent* pending;  // by thread number
  // kSpin: who spins in this place has not come to an end before. Learned in
  // the executions of one unit.
  bool hopeless = false;
};

// The number of the `option`-th lowest thread in `threads`. Without branches
// for the first four, because nobody could predict them.
inline int ThreadAt(uint64_t threads, uint32_t option) {
  for (; option >= 4; --option) threads &= threads - 1;
  const uint64_t second = threads & (threads - 1);
  const uint64_t third = second & (second - 1);
  const uint64_t fourth = third & (third - 1);
  const uint64_t even = (option & 2) != 0 ? third : threads;
  const uint64_t odd = (option & 2) != 0 ? fourth : second;
  return __builtin_ctzll((option & 1) != 0 ? odd : even);
}

// The inverse: how many threads in `threads` are below `thread`.
inline uint32_t OptionOf(uint64_t threads, int thread) {
  return static_cast<uint32_t>(
      __builtin_popcountll(threads & ((uint64_t{1} << thread) - 1)));
}

inline bool Contains(uint64_t threads, int thread) {
  return ((threads >> thread) & 1) != 0;
}

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_CHOICE_H_

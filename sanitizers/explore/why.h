// The first part of a story: who cannot go on, and why.
#ifndef REVEILLE_SANITIZERS_EXPLORE_WHY_H_
#define REVEILLE_SANITIZERS_EXPLORE_WHY_H_

#include "account.h"
#include "missed_wakeup.h"
#include "slice.h"

namespace reveille::explore {

inline constexpr int kMostMisses = 3;

// What is to be said about the threads that cannot go on.
struct Why {
  uint64_t stuck = 0;    // the threads
  uint64_t untried = 0;  // of them, sleepers whom nobody has tried to wake
  uint64_t circle = 0;   // those that wait for each other
  int miss_count = 0;
  MissedWakeup misses[kMostMisses];
};

Why WhyOf(const Account& account);

// A slice that ends with what `why` mentions.
void BeginSlice(const Account& account, const Why& why, Slice* slice);

// One sentence: which wakeup was missed by whom, and why.
void AppendMiss(const Account& account, const MissedWakeup& missed, Text* text);

void TellWhy(const Account& account, const Why& why, Text* text);

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_WHY_H_

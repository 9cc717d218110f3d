// Why a thread sleeps for good: which change it missed, which wakeup it should
// have had, and who got it instead. Nothing is claimed that the steps do not
// show.
#ifndef REVEILLE_SANITIZERS_EXPLORE_MISSED_WAKEUP_H_
#define REVEILLE_SANITIZERS_EXPLORE_MISSED_WAKEUP_H_

#include "links.h"

namespace reveille::explore {

enum class Miss : uint8_t {
  kUnknown,        // the steps do not tell
  kNobodyTried,    // no wakeup of what it waits for since it woke last
  kBeforeTheWait,  // a wakeup came when it had looked but did not yet sleep
  kConsumed,       // a wakeup came while it slept, and reached another
  kFiltered,       // the waker looked for sleepers before it was one
};

// The sleeper last looked at X (looked_at) before another thread changed it
// (changed_at). That thread then either sent a wakeup (wakeup_at), or looked at
// something (waker_looked_at) that the sleeper changed only later
// (announced_at). What is not known is kNoStep.
struct MissedWakeup {
  Miss miss = Miss::kUnknown;
  int sleeper = 0;
  uint32_t slept_at = kNoStep;  // the wait that never ended
  uint32_t looked_at = kNoStep;
  uint32_t changed_at = kNoStep;
  bool unseen = false;  // it is the last one, and no other thread has looked
  uint32_t wakeup_at = kNoStep;
  int consumer = -1;  // who was reached instead
  uint32_t waker_looked_at = kNoStep;
  uint32_t announced_at = kNoStep;
  // A futex word that had changed and changed back, so that the wait did not
  // notice: when the sleeper saw what its wait expects, and when it came back.
  uint32_t expected_at = kNoStep;
  uint32_t returned_at = kNoStep;
  int weight = 0;  // how much speaks for it
};

// Looks at how `sleeper` came to its last wait, of which step `told_from` and
// later only say that it never ended. False when that was no wait for a wakeup.
bool ExplainMiss(const Buffer<Step>& steps, const Links& links,
                 uint32_t told_from, int sleeper, MissedWakeup* missed);

// Whether more speaks for `a` than for `b`.
bool IsBetter(const MissedWakeup& a, const MissedWakeup& b);

bool IsWakeup(Kind kind);
bool IsWaitForWakeup(Kind kind);

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_MISSED_WAKEUP_H_

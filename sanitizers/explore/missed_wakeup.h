// Why a thread sleeps for good: which wakeup it should have had, and who got
// it instead.
#ifndef REVEILLE_SANITIZERS_EXPLORE_MISSED_WAKEUP_H_
#define REVEILLE_SANITIZERS_EXPLORE_MISSED_WAKEUP_H_

#include <stddef.h>

#include "history.h"

namespace reveille::explore {

enum class Miss : uint8_t {
  kNobodyTried,    // no wakeup of its object at all
  kBeforeTheWait,  // a wakeup came when the thread was not yet asleep
  kConsumed,       // a wakeup reached another thread
  kFiltered,       // the waker looked before the sleeper had announced itself
};

struct MissedWakeup {
  Miss miss = Miss::kNobodyTried;
  int sleeper = 0;
  size_t slept_at = 0;      // step of the wait that never ended
  size_t wakeup_at = 0;     // kBeforeTheWait, kConsumed: step of the wakeup
  size_t looked_at = 0;     // kFiltered: step of the look
  size_t announced_at = 0;  // kFiltered: step of the announcement
  int consumer = -1;        // kConsumed: who was woken
};

// Looks at how `sleeper` came to its last wait. False when that was no wait
// for a wakeup.
bool ExplainMiss(const Buffer<Step>& steps, int sleeper, MissedWakeup* missed);

bool IsWakeup(Kind kind);
bool IsWaitForWakeup(Kind kind);

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_MISSED_WAKEUP_H_

// What goes into an execution besides its choices, and what comes out.
#ifndef REVEILLE_SANITIZERS_EXPLORE_EXECUTION_LIMITS_H_
#define REVEILLE_SANITIZERS_EXPLORE_EXECUTION_LIMITS_H_

#include <stdint.h>

#include "verdict.h"

namespace reveille::explore {

// What decides an execution besides its choices.
struct ExecutionLimits {
  uint64_t max_steps = 50000;   // then as many again under a fair schedule
  uint32_t spin_rounds = 4096;  // after which a spin counts as endless
  int early_timers = 0;         // adversarial time: this many fire early
  int spurious_wakeups = 0;     // waits that may return without a wakeup
  bool plain_accesses = false;  // plain loads and stores are visible, too
  bool after_rescue = false;    // idle workers are judged once rescued
};

struct Outcome {
  Verdict verdict = Verdict::kClean;
  uint64_t hash = 0;
  uint64_t steps = 0;
  uint64_t choices = 0;
  uint64_t cause = 0;  // equal for outcomes that are the same finding (cause.h)
  uint64_t virtual_nanoseconds = 0;
  int threads = 0;       // most alive at once
  bool starved = false;  // only the fair suffix brought it to its end
  bool silent = false;   // the watch ended it, see WatchForSilence
  int thread = -1;       // the thread that met the problem, where there is one
  char message[512] = {};
};

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_EXECUTION_LIMITS_H_

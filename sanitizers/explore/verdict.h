// What can be said about an execution once it is over.
#ifndef REVEILLE_SANITIZERS_EXPLORE_VERDICT_H_
#define REVEILLE_SANITIZERS_EXPLORE_VERDICT_H_

#include <stdint.h>

namespace reveille::explore {

// name of the enumerator, name in files, class.
#define REVEILLE_VERDICTS(X)                                 \
  X(kClean, "clean", kNoFinding)                             \
  X(kIdleWorker, "idle-worker-with-runnable-work", kFinding) \
  X(kDeadlock, "deadlock", kFinding)                         \
  X(kPartialDeadlock, "partial-deadlock", kFinding)          \
  X(kRescued, "rescued", kFinding)                           \
  X(kLivelock, "livelock", kFinding)                         \
  X(kLostTask, "lost-task", kFinding)                        \
  X(kDoubleRun, "double-run", kFinding)                      \
  X(kLateTimer, "late-timer", kFinding)                      \
  X(kCheckFailed, "check-failed", kFinding)                  \
  X(kCrash, "crash", kFinding)                               \
  X(kStepLimit, "step-limit", kFinding)                      \
  X(kRefused, "refused", kLensLimit)                         \
  X(kTooMany, "too-many", kLensLimit)                        \
  X(kDiverged, "diverged", kLensError)                       \
  X(kDirtyRestart, "dirty-restart", kLensError)

enum class Verdict : uint8_t {
#define REVEILLE_VERDICT_ENUMERATOR(verdict, name, category) verdict,
  REVEILLE_VERDICTS(REVEILLE_VERDICT_ENUMERATOR)
#undef REVEILLE_VERDICT_ENUMERATOR
};

enum class VerdictClass : uint8_t {
  kNoFinding,  // nothing wrong was seen
  kFinding,    // the code under test is at fault
  kLensLimit,  // the code does something that the lens does not model
  kLensError,  // the lens itself cannot be trusted about this program
};

const char* NameOf(Verdict verdict);
VerdictClass ClassOf(Verdict verdict);

// The verdict with that name, or false.
bool VerdictNamed(const char* name, Verdict* verdict);

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_VERDICT_H_

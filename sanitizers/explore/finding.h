// A finding on disk: schedule, story, trace, verdict.
#ifndef REVEILLE_SANITIZERS_EXPLORE_FINDING_H_
#define REVEILLE_SANITIZERS_EXPLORE_FINDING_H_

#include "campaign.h"
#include "schedule.h"
#include "trial.h"

namespace reveille::explore {

// Repeats the schedule in a process of its own that keeps its history, gives
// the finding its signature and, when `out` is not null, writes
// out/finding-<signature>/ and notes it in *finding. False when the process
// died.
bool WriteFinding(const Program& program, const Schedule& schedule,
                  const Config& config, const char* out, Finding* finding);

// As above, but into `folder` itself and without a signature in its name.
bool TellFinding(const Program& program, const Schedule& schedule,
                 const char* folder);

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_FINDING_H_

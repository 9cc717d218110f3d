// Executes inputs under the explore lens: the program on a fresh pool, judged
// as a scenario is, under the schedule that the plan says.
#ifndef REVEILLE_FUZZ_SCHEDULE_EXECUTION_H_
#define REVEILLE_FUZZ_SCHEDULE_EXECUTION_H_

#include <string>

#include "fuzz/schedule/input.h"
#include "sanitizers/explore/explore.h"
#include "stress/explore/explore_options.h"

namespace reveille::fuzz {

// What stress/explore calls the program; its label names it in schedules.
stress::ProgramOptions OptionsOf(const Program& program);
explore::ExecutionLimits LimitsOf(const Program& program);

// In this process, which may be dirty after an outcome that is not clean. The
// outcome is valid until the next call, and so is what is known of its moments.
const explore::Outcome& Execute(const Input& input);

// "clean, 312 steps, hash 0123456789abcdef"; equal in each program that
// executes the same input.
std::string ToText(const explore::Outcome& outcome);

// Of the last execution, or null. It knows its moments and shared objects.
const explore::Planned* LastPlanned();

}  // namespace reveille::fuzz

#endif  // REVEILLE_FUZZ_SCHEDULE_EXECUTION_H_

// What is made of a child that ended in a way that was not agreed.
#ifndef REVEILLE_STRESS_DRIVER_CRASH_H_
#define REVEILLE_STRESS_DRIVER_CRASH_H_

#include "absl/strings/string_view.h"
#include "stress/driver/child_process.h"
#include "stress/driver/run_spec.h"
#include "stress/report/finding.h"

namespace reveille::stress {

Finding CrashFinding(const ChildProcess& child, const RunSpec& spec);

// The names of the innermost functions in what a crash handler or a sanitizer
// wrote: equal for equal causes, whatever the addresses.
std::string TopFrames(absl::string_view output);

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_DRIVER_CRASH_H_

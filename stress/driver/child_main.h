// The child's side of a stress run.
#ifndef REVEILLE_STRESS_DRIVER_CHILD_MAIN_H_
#define REVEILLE_STRESS_DRIVER_CHILD_MAIN_H_

#include <string>

namespace reveille::stress {

// Does what `spec` says (JSON, see run_spec.h) and reports through the status
// page behind `status_fd`. Returns the exit code. SIGTERM asks the round at
// hand to end; SIGQUIT asks for a report of a hang that nobody could judge.
int ChildMain(const std::string& spec, int status_fd);

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_DRIVER_CHILD_MAIN_H_

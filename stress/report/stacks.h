// The stacks of all threads of this process, taken from within.
//
// Each thread is sent a signal whose handler unwinds it; a thread that does not
// answer (it blocks all signals, or the kernel holds it) is listed as such. The
// threads go on afterwards, so take everything else that a finding needs first:
// a signal ends epoll_wait() and may set a stuck pool going again.
#ifndef REVEILLE_STRESS_REPORT_STACKS_H_
#define REVEILLE_STRESS_REPORT_STACKS_H_

#include <string>

namespace reveille::stress {

// Makes the unwinder and the symbolizer ready, and installs the crash handler:
// on a deadly signal it writes the signal's name and the stack to standard
// error and lets the signal end the process. Once, at the start of main().
void PrepareStacks(const char* argv0);

std::string AllStacks();

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_REPORT_STACKS_H_

// The parts of a script as tasks, closures and coroutines alike, and as what
// the thread does that runs the script.
#ifndef REVEILLE_FUZZ_API_TASKS_H_
#define REVEILLE_FUZZ_API_TASKS_H_

#include "fuzz/api/world.h"

namespace reveille::fuzz {

// Begins all parts in their order, and ends the scheduler.
void RunScript(const Script& script);

}  // namespace reveille::fuzz

#endif  // REVEILLE_FUZZ_API_TASKS_H_

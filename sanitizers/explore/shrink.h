// From a schedule that shows a problem to the shortest one that still does.
#ifndef REVEILLE_SANITIZERS_EXPLORE_SHRINK_H_
#define REVEILLE_SANITIZERS_EXPLORE_SHRINK_H_

#include "schedule.h"
#include "trial.h"

namespace reveille::explore {

struct Shrunk {
  bool done = false;      // every single directive left is needed
  int preemptions = 0;    // that the shrunk schedule takes
  bool fewest = false;    // and no schedule takes fewer: all were tried
  size_t directives = 0;  // places where it departs from the default
  uint64_t trials = 0;
};

// Replaces schedule->choices and ->hash by those of the smallest schedule
// found within `seconds` that ends with the same verdict for the same cause.
// If the program can be executed again in one process after such an outcome
// (`restartable`), most of the time goes to looking for a schedule with fewer
// preemptions, first at random places and in the end systematically.
// The schedule must have been confirmed. Calling process: the zygote.
Shrunk Shrink(const Program& program, double seconds, bool restartable,
              uint64_t cause, Schedule* schedule);

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_SHRINK_H_

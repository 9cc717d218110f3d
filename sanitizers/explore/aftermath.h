// Where every thread stood when an execution ended, kept for its story.
#ifndef REVEILLE_SANITIZERS_EXPLORE_AFTERMATH_H_
#define REVEILLE_SANITIZERS_EXPLORE_AFTERMATH_H_

#include <stdint.h>

#include "choice.h"
#include "history.h"

namespace reveille::explore {

struct Aftermath {
  uint64_t seen = 0;   // threads that existed
  uint64_t stuck = 0;  // threads that had not ended and could not go on
  uint64_t spinning = 0;
  // Steps from here on were never done: the waits in which threads were stuck.
  uint32_t told_from = 0;
  char names[kMaxThreads][16] = {};
};

// From now on the history of each execution in this process is kept in
// *history and its end in *aftermath; null, null: no more.
void KeepHistory(History* history, Aftermath* aftermath);

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_AFTERMATH_H_

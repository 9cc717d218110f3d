// Which thread stood for which worker of a pool (a P), from when to when.
#ifndef REVEILLE_SANITIZERS_EXPLORE_LANES_H_
#define REVEILLE_SANITIZERS_EXPLORE_LANES_H_

#include "history.h"

namespace reveille::explore {

// Steps [begin, end), during which `thread` was `worker`.
struct Stint {
  uint32_t begin;
  uint32_t end;
  int thread;
  int worker;
};

// In the order in which they end.
void CollectStints(const Buffer<Step>& steps, Buffer<Stint>* stints);

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_LANES_H_

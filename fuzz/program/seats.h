// Seats: who of a phase's tasks may wait for whom.
//
// Most lost wakeups are repaired by the next submission, so what is only late
// has to become a hang. Therefore the tasks of the operations that `meet` wait
// for each other, each keeping its worker: as many as there are workers, or as
// there are such tasks in the phase, whichever is less. One more never waits,
// so while not all have come there is a worker free of them, which runs all
// else; in a phase that changes the number of workers nobody waits. A burst of
// several legs has meetings of its own, and only where nobody else meets.
//
// Whoever blocks until another task has run does so in a blocking section.
// Whoever gives way until another one has run does so only where nobody meets
// or sleeps: that one may lie in the queue of a worker that is kept, and no
// pool promises that a worker with tasks of its own, which come back for ever,
// looks there; nor does virtual time pass while they do. Elsewhere such a task
// gives way a few times only, and both take their part.
#ifndef REVEILLE_FUZZ_PROGRAM_SEATS_H_
#define REVEILLE_FUZZ_PROGRAM_SEATS_H_

#include "fuzz/program/program.h"

namespace reveille::fuzz {

struct Seats {
  int meeting = 0;             // So many tasks wait for each other...
  int legs = 1;                // ...and so many of each leg of a burst.
  bool keeps_workers = false;  // Whether some task keeps its worker.
};

// Of the operations from `first` to before `last`, on so many workers.
Seats SeatsOf(const Op* first, const Op* last, int workers);

bool Resizes(const Op& op);
// Each of its tasks submits another one and gives way.
bool IsPair(const Op& op);
// How often its tasks are followed by as many again.
int LegsAfterFirst(const Op& op);

}  // namespace reveille::fuzz

#endif  // REVEILLE_FUZZ_PROGRAM_SEATS_H_

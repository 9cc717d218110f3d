// Gather: makes n tasks runnable at about the same time, in one of the ways in
// which programs do. Which way decides which queue the tasks land in and who
// has to wake whom, so every lost wakeup has a way in which it shows.
#ifndef REVEILLE_STRESS_SCENARIOS_GATHERING_H_
#define REVEILLE_STRESS_SCENARIOS_GATHERING_H_

#include <functional>

#include "stress/scenarios/round.h"

namespace reveille::stress {

// Submits body(0) .. body(n-1), each as one task. Some are submitted by others
// of them, so that not all are when it returns; none waits for another one
// before it has submitted what it has to.
void Gather(Round& round, Dice& dice, int n, std::function<void(int)> body);

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_SCENARIOS_GATHERING_H_

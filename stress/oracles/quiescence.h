// At quiescence every counter of a pool is back to zero: a searcher counted
// twice, a worker that never came off a list, a task still in some queue.
#ifndef REVEILLE_STRESS_ORACLES_QUIESCENCE_H_
#define REVEILLE_STRESS_ORACLES_QUIESCENCE_H_

#include "stress/oracles/oracle.h"
#include "stress/pools/pool.h"

namespace reveille::stress {

// Asks a pool with white-box statistics; what it complains about is a
// "counter-drift". Call it when nothing is submitted, running or pending, and
// before anything new is.
void CheckQuiescent(const Pool& pool, Judge* judge);

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_ORACLES_QUIESCENCE_H_

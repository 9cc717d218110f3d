// When something happens: how tasks burn time, how submitters wait. Nothing
// here is a measure of progress; a pause may be longer or shorter than asked.
#ifndef REVEILLE_STRESS_SCENARIOS_PACE_H_
#define REVEILLE_STRESS_SCENARIOS_PACE_H_

#include <cstdint>
#include <thread>

#include "stress/scenarios/round.h"

namespace reveille::stress {

// Burns about so much processor time; none at all in tiny rounds.
void Compute(const Round& round, int64_t ns);
// About what the knobs call a typical task.
void ComputeTypically(const Round& round, Dice& dice);

// Sleeps in the kernel.
void Sleep(int64_t ns);

// The gap between two submissions.
enum class Gap { kNone, kBrief, kExponential, kSleep, kUntilIdle };
Gap RandomGap(Dice& dice);
void Pause(const Round& round, Dice& dice, Gap gap);

// Returns at a moment when the pool has just gone idle or is about to, seen
// from outside or by its statistics; and then a little later, by the dice. It
// looks a bounded number of times, so it may return early.
void AwaitNearIdle(const Round& round, Dice& dice);

// Keeps this thread busy until `done()`, as a task does that waits for another
// one and holds on to its worker.
template <typename Done>
void SpinUntil(bool tiny, Done done) {
  constexpr uint32_t kSpinsPerYield = 256;
  // It may wrap: somebody who hangs spins for long.
  for (uint32_t spins = 1; !done(); ++spins) {
    if (tiny || spins % kSpinsPerYield == 0) std::this_thread::yield();
  }
}

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_SCENARIOS_PACE_H_

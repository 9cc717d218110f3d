// rendezvous: as many tasks as workers, none of which finishes before all have
// started.
//
// Promised to whoever submits: a pool of P workers runs P runnable tasks at the
// same time. The tasks wait for each other and keep their workers busy
// meanwhile, so a single worker that sleeps on runnable work is a hang: nothing
// else will ever make it wake. Submitted in all the ways of Gather(), either to
// an idle pool or while the tasks of the meeting before are just ending. Judged
// by the watchdog (a task waits, a worker is free, nobody moves) and by the
// Judge.
#include <algorithm>
#include <deque>

#include "stress/scenarios/gathering.h"
#include "stress/scenarios/meeting.h"
#include "stress/scenarios/pace.h"
#include "stress/scenarios/round.h"

namespace reveille::stress {
namespace {

// Until all have come to the meeting, so that its tasks are on their way out
// and need nothing any more. Bounded; then it waits for their end.
void AwaitEndOf(const Round& round, const Meeting& meeting) {
  constexpr int kLooks = 20'000;
  for (int look = 0; look < kLooks && !round.tiny(); ++look) {
    if (meeting.Complete()) return;
  }
  round.judge().AwaitAllFinished();
}

void Run(ScenarioContext& context) {
  Round round(context);
  Dice dice(context.rng());
  const int size = round.pool().Parallelism();
  const int meetings = round.Scale(std::max(1, round.knobs().tasks / size), 2);
  // Kept to the end: the last tasks of a meeting may still look at it.
  std::deque<Meeting> kept;
  for (int i = 0; i < meetings && !round.stopping(); ++i) {
    Meeting& meeting = kept.emplace_back(round, size);
    Gather(round, dice, size, [&meeting](int) { meeting.Arrive(); });
    if (dice.Coin()) {
      round.AwaitAll();
    } else {
      AwaitEndOf(round, meeting);
    }
    Pause(round, dice, dice.Coin() ? Gap::kBrief : Gap::kNone);
  }
  round.End();
}

[[maybe_unused]] const bool kRegistered = RegisterScenario({
    .name = "rendezvous",
    .promise = "P workers run P tasks at the same time: one idle worker hangs",
    .missing = [](Pool&) { return std::string(); },
    .run = Run,
    .tune = [](ScenarioKnobs&) {},
});

}  // namespace
}  // namespace reveille::stress

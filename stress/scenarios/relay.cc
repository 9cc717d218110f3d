// relay: tasks wait for each other on all workers and end together, and at that
// moment the next such tasks are submitted, by one of them or from outside.
//
// Promised to whoever submits: the tasks run at the same time, although no
// worker sleeps that a submission could wake. All of them have just ended their
// tasks; they look for work and give up at that moment, so each submission
// meets workers that are busy, that begin to search, that have found something
// and hand the search on, and that are about to sleep. Nothing else comes
// between the legs, and the tasks of a leg need all workers, so one that sleeps
// on what a colleague's queue holds is a hang. Judged by the watchdog and the
// Judge.
#include <algorithm>
#include <vector>

#include "stress/scenarios/legs.h"
#include "stress/scenarios/pace.h"
#include "stress/scenarios/round.h"

namespace reveille::stress {
namespace {

void RunRelay(Round& round, Dice& dice, int size, int length) {
  std::vector<int> carriers;
  for (int i = 0; i < length; ++i) {
    const bool inside = i + 1 < length && !dice.OneIn(3);
    carriers.push_back(inside ? dice.Between(0, size - 1) : Legs::kOutside);
  }
  Legs legs(round, size, carriers);
  legs.Run();
  round.AwaitAll();
}

void Run(ScenarioContext& context) {
  Round round(context);
  Dice dice(context.rng());
  const int size = round.pool().Parallelism();
  const int length = round.Scale(8, 3);
  const int relays =
      round.Scale(std::max(1, round.knobs().tasks / size / length / 4), 1);
  for (int i = 0; i < relays && !round.stopping(); ++i) {
    RunRelay(round, dice, size, length);
    Pause(round, dice, dice.Coin() ? Gap::kBrief : Gap::kNone);
  }
  round.End();
}

[[maybe_unused]] const bool kRegistered = RegisterScenario({
    .name = "relay",
    .promise = "tasks submitted as all workers come free run at once",
    .missing = [](Pool&) { return std::string(); },
    .run = Run,
    .tune = [](ScenarioKnobs&) {},
});

}  // namespace
}  // namespace reveille::stress

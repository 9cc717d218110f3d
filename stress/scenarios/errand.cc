// errand: a task submits others, and is done.
//
// Promised to whoever submits from inside: the tasks run at the same time if
// there are workers enough, wherever the worker of their parent has put them,
// and also when that worker, done with the parent, takes one of them itself and
// is busy with it for ever. As many children as workers wait for each other, so
// one that is left in a queue of its parent's worker is a hang. Judged by the
// watchdog and the Judge.
#include <algorithm>
#include <deque>

#include "stress/scenarios/meeting.h"
#include "stress/scenarios/pace.h"
#include "stress/scenarios/round.h"

namespace reveille::stress {
namespace {

void Run(ScenarioContext& context) {
  Round round(context);
  Dice dice(context.rng());
  const int size = round.pool().Parallelism();
  const int errands = round.Scale(std::max(1, round.knobs().tasks / size), 2);
  std::deque<Meeting> kept;
  for (int i = 0; i < errands && !round.stopping(); ++i) {
    Meeting& meeting = kept.emplace_back(round, size);
    round.Submit([&round, &meeting, size] {
      for (int k = 0; k < size; ++k) {
        round.Submit([&meeting] { meeting.Arrive(); });
      }
    });
    round.AwaitAll();
    Pause(round, dice, dice.Coin() ? Gap::kBrief : Gap::kNone);
  }
  round.End();
}

[[maybe_unused]] const bool kRegistered = RegisterScenario({
    .name = "errand",
    .promise = "what a task submits before it ends runs on P workers at once",
    .missing = [](Pool&) { return std::string(); },
    .run = Run,
    .tune = [](ScenarioKnobs&) {},
});

}  // namespace
}  // namespace reveille::stress

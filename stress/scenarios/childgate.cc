// childgate: tasks that block until their own children have run.
//
// Promised to whoever blocks inside a section: the worker's place is lent at
// once, also when all workers block at the same time, and also to tasks that
// were submitted when there was no place free. As many tasks as workers each
// submit a child and block until the child has run; again and again, so that
// threads that stood in for others are there already. One place that is not
// lent is a hang. Judged by the watchdog and the Judge.
#include <algorithm>
#include <deque>

#include "stress/scenarios/gate.h"
#include "stress/scenarios/pace.h"
#include "stress/scenarios/round.h"

namespace reveille::stress {
namespace {

void Run(ScenarioContext& context) {
  Round round(context);
  Dice dice(context.rng());
  const int size = round.pool().Parallelism();
  const int turns = round.Scale(std::max(1, round.knobs().tasks / size / 2), 2);
  std::deque<Gate> kept;
  for (int i = 0; i < turns && !round.stopping(); ++i) {
    for (int k = 0; k < size; ++k) {
      Gate& gate = kept.emplace_back();
      round.Submit([&round, &gate, expect_long = dice.Coin()] {
        round.Submit([&gate] { gate.Open(); });
        round.pool().AsBlocking()->RunBlocking(expect_long,
                                               [&gate] { gate.Await(); });
      });
    }
    round.AwaitAll();
    Pause(round, dice, dice.Coin() ? Gap::kBrief : Gap::kNone);
  }
  round.End();
}

[[maybe_unused]] const bool kRegistered = RegisterScenario({
    .name = "childgate",
    .promise = "a task that blocks on its own child lends its place",
    .missing =
        [](Pool& pool) {
          return std::string(
              pool.AsBlocking() != nullptr ? "" : "blocking sections");
        },
    .run = Run,
    .tune = [](ScenarioKnobs&) {},
});

}  // namespace
}  // namespace reveille::stress

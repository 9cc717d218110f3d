// giveway: tasks that give way until another task has run.
//
// Promised to whoever waits for a worker: a task that yields lets others run
// first, however often it comes back. As many tasks as workers yield until a
// task that the first of them submits has run; a pool in which a yielded task
// is the next one again runs nothing else for ever. Judged by the watchdog, who
// sees a submitted task that is never begun while all workers are busy and
// nothing ends, and by a lens that sees them go round in a circle.
#include <algorithm>
#include <atomic>
#include <deque>

#include "stress/scenarios/pace.h"
#include "stress/scenarios/round.h"

namespace reveille::stress {
namespace {

void Run(ScenarioContext& context) {
  Round round(context);
  Dice dice(context.rng());
  const int size = round.pool().Parallelism();
  const int crowds = round.Scale(std::max(1, round.knobs().tasks / 20), 1);
  std::deque<std::atomic<bool>> kept;
  for (int i = 0; i < crowds && !round.stopping(); ++i) {
    std::atomic<bool>& has_run = kept.emplace_back(false);
    for (int k = 0; k < size; ++k) {
      round.SubmitYielding([&round, &has_run, submits = k == 0]() mutable {
        if (submits) round.Submit([&has_run] { has_run.store(true); });
        submits = false;
        return !has_run.load();
      });
    }
    round.AwaitAll();
    Pause(round, dice, dice.Coin() ? Gap::kBrief : Gap::kNone);
  }
  round.End();
}

[[maybe_unused]] const bool kRegistered = RegisterScenario({
    .name = "giveway",
    .promise = "a task that yields lets others run first",
    .missing =
        [](Pool& pool) {
          return std::string(pool.AsYielding() != nullptr ? "" : "yield");
        },
    .run = Run,
    .tune = [](ScenarioKnobs&) {},
});

}  // namespace
}  // namespace reveille::stress

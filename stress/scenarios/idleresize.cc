// idleresize: idle-priority tasks while the number of workers changes.
//
// Promised to whoever submits idle-priority work: it runs, each task once, also
// when the workers are stopped for a change of their number at the moment when
// one of them is after that work. Promised to whoever changes the number: the
// change ends. Judged by a ConcurrencyOracle (the limit), the Judge, and the
// watchdog, since an idle task that may run is runnable work.
#include <algorithm>

#include "stress/scenarios/idle_load.h"
#include "stress/scenarios/pace.h"
#include "stress/scenarios/round.h"

namespace reveille::stress {
namespace {

// To another number, so that the workers are stopped each time: 1 to one more
// than there are at the beginning. The number there was becomes the new one.
void ResizeToAnother(ResizablePool* pool, Dice& dice, int most, int* number) {
  const int drawn = dice.Between(1, most - 1);
  *number = drawn < *number ? drawn : drawn + 1;
  pool->Resize(*number);
}

void RunResized(Round& round, Dice& dice, int tasks) {
  ResizablePool* const resizable = round.pool().AsResizable();
  IdleLoad load(round, UINT64_MAX);
  const int workers = round.pool().Parallelism();
  int number = workers;
  round.RunOutside(2, dice, [&](Dice& own, int thread) {
    for (int i = 0; i < tasks && !round.stopping(); ++i) {
      if (thread == 0) {
        load.SubmitIdle(own);
      } else if (round.tiny() || i % 4 == 0) {
        ResizeToAnother(resizable, own, workers + 1, &number);
      }
      Pause(round, own, own.Coin() ? Gap::kBrief : Gap::kNone);
    }
  });
  round.AwaitAll();
  resizable->Resize(workers);
}

void Run(ScenarioContext& context) {
  Round round(context);
  Dice dice(context.rng());
  const int parts = round.Scale(6, 1);
  const int tasks = std::max(1, round.knobs().tasks / parts);
  for (int i = 0; i < parts && !round.stopping(); ++i) {
    RunResized(round, dice, round.Scale(std::min(tasks, 50), 2));
  }
  round.End();
}

[[maybe_unused]] const bool kRegistered = RegisterScenario({
    .name = "idleresize",
    .promise = "idle-priority tasks run although the workers are stopped to "
               "change their number, and the change ends",
    .missing = [](Pool& pool) -> std::string {
      if (pool.AsIdleWork() == nullptr) return "idle work";
      return pool.AsResizable() == nullptr ? "resize" : "";
    },
    .run = Run,
    .tune = [](ScenarioKnobs&) {},
});

}  // namespace
}  // namespace reveille::stress

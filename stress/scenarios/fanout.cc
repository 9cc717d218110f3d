// fanout: a task submits many others and ends.
//
// Promised to whoever submits: the tasks that a task leaves behind are spread
// over all workers, although they all lie in the queue of one, which is about
// to take from it itself. The tasks left behind are as many as there are
// workers, and wait for each other; short ones lie before and behind them, and
// more of these come from outside and keep the other workers coming and going.
// So a worker on its way to sleep looks at that queue just when its owner is at
// it, and one that sleeps on what it saw there is a hang. Judged by the
// watchdog and the Judge.
#include <algorithm>
#include <deque>

#include "stress/scenarios/meeting.h"
#include "stress/scenarios/pace.h"
#include "stress/scenarios/round.h"

namespace reveille::stress {
namespace {

void SubmitShort(Round& round, Dice& dice, int n) {
  for (; n > 0; --n) {
    round.Submit([&round, ns = dice.Exponential(round.knobs().work_ns)] {
      Compute(round, ns);
    });
  }
}

void Fan(Round& round, Dice& dice, Meeting& meeting, int size) {
  round.Submit([&round, &meeting, size, own = dice.Fork()]() mutable {
    SubmitShort(round, own, own.Between(0, round.Scale(16, 4)));
    for (int i = 0; i < size; ++i) {
      round.Submit([&meeting] { meeting.Arrive(); });
    }
    SubmitShort(round, own, own.Between(0, round.Scale(4, 2)));
  });
}

void Run(ScenarioContext& context) {
  Round round(context);
  Dice dice(context.rng());
  const int size = round.pool().Parallelism();
  const int fans = round.Scale(std::max(1, round.knobs().tasks / size / 4), 1);
  std::deque<Meeting> kept;
  for (int i = 0; i < fans && !round.stopping(); ++i) {
    SubmitShort(round, dice, dice.Between(1, round.Scale(4, 2)));
    Fan(round, dice, kept.emplace_back(round, size), size);
    SubmitShort(round, dice, dice.Between(0, round.Scale(4, 1)));
    round.AwaitAll();
    Pause(round, dice, dice.Coin() ? Gap::kBrief : Gap::kNone);
  }
  round.End();
}

[[maybe_unused]] const bool kRegistered = RegisterScenario({
    .name = "fanout",
    .promise = "what a task leaves behind in one queue is spread over all "
               "workers",
    .missing = [](Pool&) { return std::string(); },
    .run = Run,
    .tune = [](ScenarioKnobs&) {},
});

}  // namespace
}  // namespace reveille::stress

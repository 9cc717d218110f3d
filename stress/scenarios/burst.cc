// burst: submission timing.
//
// Promised to whoever submits: each accepted task runs exactly once, whatever
// the moment at which it comes. Threads outside and tasks inside submit bursts
// of 1..N with gaps from nothing to milliseconds; many bursts are aligned with
// the moment at which the workers go idle, where a submitter and a worker on
// its way to sleep may each leave the work to the other. Judged by the Judge
// (once each, none lost) after every few bursts, so that no later burst repairs
// what an earlier one lost, and by the watchdog, who sees an idle worker beside
// runnable work even when the work is done in the end.
#include <algorithm>

#include "stress/scenarios/gathering.h"
#include "stress/scenarios/pace.h"
#include "stress/scenarios/round.h"

namespace reveille::stress {
namespace {

void SubmitShort(Round& round, Dice& dice) {
  round.Submit([&round, ns = dice.Exponential(round.knobs().work_ns)] {
    Compute(round, ns);
  });
}

// A burst from a task, the task itself included.
void SubmitFromInside(Round& round, Dice& dice, int n) {
  round.Submit([&round, n, own = dice.Fork()]() mutable {
    for (int i = 1; i < n; ++i) SubmitShort(round, own);
    ComputeTypically(round, own);
  });
}

void SubmitBurst(Round& round, Dice& dice, int n) {
  switch (dice.Below(3)) {
    case 0:
      return SubmitFromInside(round, dice, n);
    case 1:
      return Gather(round, dice, n,
                    [&round](int) { Compute(round, round.knobs().work_ns); });
    default:
      for (int i = 0; i < n; ++i) SubmitShort(round, dice);
  }
}

// Small bursts are as telling as big ones, and cheaper.
int BurstSize(const Round& round, Dice& dice, int left) {
  const int most = dice.OneIn(4) ? round.knobs().max_batch : 4;
  return std::min(dice.Between(1, std::max(1, most)), left);
}

void Produce(Round& round, Dice& dice, int tasks) {
  Gap gap = RandomGap(dice);
  while (tasks > 0 && !round.stopping()) {
    const int n = BurstSize(round, dice, tasks);
    SubmitBurst(round, dice, n);
    tasks -= n;
    Pause(round, dice, gap);
    if (dice.OneIn(16)) gap = RandomGap(dice);
  }
}

// One producer that lets the pool go idle after every burst.
void ProduceForIdlePool(Round& round, Dice& dice, int tasks) {
  while (tasks > 0 && !round.stopping()) {
    const int n = BurstSize(round, dice, tasks);
    SubmitBurst(round, dice, n);
    tasks -= n;
    round.AwaitAll();
    Pause(round, dice, dice.Coin() ? Gap::kNone : Gap::kBrief);
  }
}

void Run(ScenarioContext& context) {
  Round round(context);
  Dice dice(context.rng());
  const int tasks = round.Scale(round.knobs().tasks, 4);
  if (dice.OneIn(3)) {
    ProduceForIdlePool(round, dice, tasks);
  } else {
    const int producers = std::max(1, round.Scale(round.knobs().producers, 1));
    round.RunOutside(producers, dice, [&](Dice& own, int) {
      Produce(round, own, std::max(1, tasks / producers));
    });
  }
  round.End();
}

[[maybe_unused]] const bool kRegistered = RegisterScenario({
    .name = "burst",
    .promise = "every task runs exactly once, whatever the moment it comes at",
    .missing = [](Pool&) { return std::string(); },
    .run = Run,
    .tune = [](ScenarioKnobs&) {},
});

}  // namespace
}  // namespace reveille::stress

// yield: tasks that give way between their steps.
//
// Promised to whoever yields: the task goes on as soon as a worker is free, and
// others run before it. Two shapes. Crowds of yielding tasks among plain ones:
// each makes all of its steps, one at a time. And pairs in which a task submits
// a partner and yields; the partner keeps the worker busy until the yielded
// task goes on, which therefore has to be picked up by another, idle worker:
// who yields without waking anybody hangs (golang/go#55160). Short tasks keep
// the other workers coming and going meanwhile. Judged by the Judge, by
// counting the steps, and by the watchdog.
#include <algorithm>
#include <atomic>
#include <deque>
#include <memory>

#include "stress/scenarios/pace.h"
#include "stress/scenarios/round.h"

namespace reveille::stress {
namespace {

// Makes its steps one after the other, never two at once.
struct Stepper {
  int left;
  std::atomic<bool> inside{false};
};

void SubmitStepper(Round& round, int steps, int64_t ns) {
  const auto stepper = std::make_shared<Stepper>(steps);
  round.SubmitYielding([&round, stepper, ns] {
    if (stepper->inside.exchange(true)) {
      round.judge().Fail("double-run", "two steps of a task at the same time");
    }
    Compute(round, ns);
    const bool more = --stepper->left > 0;
    stepper->inside.store(false);
    return more;
  });
}

void RunCrowd(Round& round, Dice& dice, int tasks) {
  for (int i = 0; i < tasks && !round.stopping(); ++i) {
    const int64_t ns = dice.Exponential(round.knobs().work_ns);
    if (dice.OneIn(3)) {
      round.Submit([&round, ns] { Compute(round, ns); });
    } else {
      SubmitStepper(round, round.Scale(dice.Between(1, 10), 2), ns);
    }
    if (dice.OneIn(8)) Pause(round, dice, RandomGap(dice));
  }
}

// A yields while its partner B spins: A has to go on elsewhere.
struct Pair {
  std::atomic<bool> went_on{false};
  bool submitted = false;  // A's own.
};

void SubmitPair(Round& round, Pair& pair) {
  round.SubmitYielding([&round, &pair] {
    if (pair.submitted) {
      pair.went_on.store(true);
      return false;
    }
    pair.submitted = true;
    round.Submit([&round, &pair] {
      SpinUntil(round.tiny(), [&pair] { return pair.went_on.load(); });
    });
    return true;
  });
}

void SubmitShort(Round& round, Dice& dice, int n) {
  for (; n > 0; --n) {
    round.Submit([&round, ns = dice.Exponential(round.knobs().work_ns)] {
      Compute(round, ns);
    });
  }
}

// Short tasks on both sides: whoever was woken for one of those in front may
// still be searching when the pair submits and yields.
void RunPairs(Round& round, Dice& dice, int pairs) {
  // Each pair needs a worker for B and one for A.
  const int at_once = std::max(1, round.pool().Parallelism() - 1);
  std::deque<Pair> kept;
  for (int i = 0; i < pairs && !round.stopping(); ++i) {
    SubmitShort(round, dice,
                dice.Between(round.Scale(0, 1), round.Scale(4, 2)));
    for (int k = dice.Between(1, at_once); k > 0; --k) {
      SubmitPair(round, kept.emplace_back());
    }
    SubmitShort(round, dice, dice.Between(0, round.Scale(4, 1)));
    round.AwaitAll();
    Pause(round, dice, dice.Coin() ? Gap::kBrief : Gap::kNone);
  }
}

void Run(ScenarioContext& context) {
  Round round(context);
  Dice dice(context.rng());
  const int tasks = round.knobs().tasks;
  // With one worker, B would wait for ever.
  if (!dice.OneIn(round.Scale(2, 4)) && round.pool().Parallelism() > 1) {
    RunPairs(round, dice, round.Scale(tasks / 4, 1));
  } else {
    RunCrowd(round, dice, round.Scale(tasks / 2, 3));
  }
  round.End();
}

[[maybe_unused]] const bool kRegistered = RegisterScenario({
    .name = "yield",
    .promise = "a task that yields goes on as soon as a worker is free",
    .missing =
        [](Pool& pool) {
          return std::string(pool.AsYielding() != nullptr ? "" : "yield");
        },
    .run = Run,
    .tune =
        [](ScenarioKnobs& knobs) { knobs.procs = std::max(2, knobs.procs); },
});

}  // namespace
}  // namespace reveille::stress

// resize: the number of workers changes under load.
//
// Promised to whoever resizes: no task is lost or run twice, whatever queue it
// was in; never do more tasks run at the same time than the greatest number of
// workers that was asked for; and after the last change the pool runs as many
// tasks as it has workers, no more and no less. A thread outside and now and
// then a task change the number while others submit tasks of both priorities,
// some of which spawn more. At the end of each part a rendezvous of exactly
// that many tasks shows that all of the workers are there, and a
// ConcurrencyOracle that there are no more. Judged by these, the Judge and the
// watchdog.
#include <algorithm>
#include <atomic>

#include "stress/oracles/concurrency_oracle.h"
#include "stress/scenarios/gathering.h"
#include "stress/scenarios/meeting.h"
#include "stress/scenarios/pace.h"
#include "stress/scenarios/round.h"

namespace reveille::stress {
namespace {

constexpr int64_t kStayNs = 100'000;

struct Load {
  Round& round;
  ConcurrencyOracle& at_once;
  const int most_workers;

  void SubmitTask(Dice& dice, int depth);
  void SubmitIdleTask(Dice& dice);
  void Resize(Dice& dice) {
    round.pool().AsResizable()->Resize(dice.Between(1, most_workers));
  }
};

void Load::SubmitTask(Dice& dice, int depth) {
  round.Submit([this, own = dice.Fork(), depth]() mutable {
    at_once.Enter();
    ComputeTypically(round, own);
    for (int i = own.Between(0, depth); i > 0; --i) SubmitTask(own, depth - 1);
    at_once.Leave();
    if (!round.tiny() && own.OneIn(200)) Resize(own);
  });
}

void Load::SubmitIdleTask(Dice& dice) {
  round.SubmitIdle([this, own = dice.Fork()]() mutable {
    at_once.Enter();
    ComputeTypically(round, own);
    at_once.Leave();
  });
}

void Churn(Load& load, Dice& dice, int tasks) {
  Round& round = load.round;
  const bool idle_work = round.pool().AsIdleWork() != nullptr;
  load.at_once.SetLimit(load.most_workers);
  round.RunOutside(2, dice, [&](Dice& own, int thread) {
    const Gap gap = thread == 0 ? RandomGap(own) : Gap::kExponential;
    for (int i = 0; i < tasks && !round.stopping(); ++i) {
      if (thread == 0 && idle_work && own.OneIn(3)) {
        load.SubmitIdleTask(own);
      } else if (thread == 0) {
        load.SubmitTask(own, 2);
      } else if (i % 4 == 0) {
        load.Resize(own);
      }
      Pause(round, own, gap);
    }
  });
  round.AwaitAll();
}

// Exactly `workers` tasks at the same time, of twice as many. Those who have
// met stay a while, asleep, so that one worker too many finds them still there.
void CheckSize(Load& load, Dice& dice, int workers) {
  Round& round = load.round;
  round.pool().AsResizable()->Resize(workers);
  if (round.pool().Parallelism() != workers) {
    round.judge().Fail("check-failed", "Parallelism() is not what was set");
  }
  load.at_once.SetLimit(workers);
  Meeting meeting(round, workers);
  Gather(round, dice, 2 * workers, [&](int i) {
    load.at_once.Enter();
    if (i < workers) meeting.Arrive();
    Sleep(kStayNs);
    load.at_once.Leave();
  });
  round.AwaitAll();
}

void Run(ScenarioContext& context) {
  Round round(context);
  Dice dice(context.rng());
  // Never below the size that the round begins with.
  const int most = std::max(round.Scale(2 * round.knobs().procs + 1, 2),
                            round.pool().Parallelism());
  ConcurrencyOracle at_once(&round.judge(), "tasks run", most);
  Load load{round, at_once, most};
  const int parts = round.Scale(6, 1);
  for (int i = 0; i < parts && !round.stopping(); ++i) {
    Churn(load, dice, round.Scale(std::max(1, round.knobs().tasks / parts), 2));
    CheckSize(load, dice, dice.Between(1, most));
  }
  CheckSize(load, dice, round.knobs().procs);
  round.End();
}

[[maybe_unused]] const bool kRegistered = RegisterScenario({
    .name = "resize",
    .promise = "changing the number of workers loses no task and no worker",
    .missing =
        [](Pool& pool) {
          return std::string(pool.AsResizable() != nullptr ? "" : "resize");
        },
    .run = Run,
    .tune = [](ScenarioKnobs&) {},
});

}  // namespace
}  // namespace reveille::stress

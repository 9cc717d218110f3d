// idlework: tasks for workers that would otherwise be idle.
//
// Promised to whoever submits idle-priority work: it runs, each task once, when
// a worker has nothing else to do. Promised to everybody else: never more than
// Limit() such tasks at a time, and normal work is delayed by at most one of
// them. Idle tasks are submitted to idle pools, among normal work, and behind a
// backlog of normal work that comes while all workers are held up. Judged by a
// ConcurrencyOracle (the limit), an IdleWorkOracle (two idle tasks in a row
// while normal work waits), the Judge, and the watchdog, since an idle task
// that may run is runnable work.
#include <algorithm>

#include "stress/scenarios/gate.h"
#include "stress/scenarios/idle_load.h"
#include "stress/scenarios/pace.h"
#include "stress/scenarios/round.h"

namespace reveille::stress {
namespace {

// More than a worker may have in its hands between two queues.
constexpr int kInHandsPerWorker = 300;

// Both kinds, in any order, to a pool in any state.
void RunMixed(Round& round, Dice& dice, int tasks) {
  IdleLoad load(round, UINT64_MAX);
  const Gap gap = RandomGap(dice);
  for (int i = 0; i < tasks && !round.stopping(); ++i) {
    if (dice.Coin()) {
      load.SubmitIdle(dice);
    } else {
      load.SubmitNormal(dice);
    }
    if (dice.OneIn(8)) Pause(round, dice, gap);
  }
  round.AwaitAll();
}

// Only idle tasks, to a pool that has gone idle: somebody must wake for them.
void RunAlone(Round& round, Dice& dice, int tasks) {
  IdleLoad load(round, UINT64_MAX);
  for (int i = 0; i < tasks && !round.stopping(); ++i) {
    load.SubmitIdle(dice);
    if (dice.Coin()) AwaitNearIdle(round, dice);
  }
  round.AwaitAll();
}

// Holds every worker until the gate opens.
void HoldAllWorkers(Round& round, Gate& gate) {
  for (int i = round.pool().Parallelism(); i > 0; --i) {
    round.Submit([&gate] { gate.Await(); });
  }
}

// Idle tasks first, then a backlog of normal ones, then the workers are let go.
void RunBacklog(Round& round, Dice& dice) {
  const auto workers = static_cast<uint64_t>(round.pool().Parallelism());
  const uint64_t in_hands = workers * kInHandsPerWorker;
  IdleLoad load(round, in_hands);
  Gate gate;
  HoldAllWorkers(round, gate);
  for (int i = 0; i < 50; ++i) load.SubmitIdle(dice);
  const uint64_t backlog = 2 * in_hands;
  for (uint64_t i = 0; i < backlog; ++i) load.SubmitNormal(dice);
  load.order().NormalQueued(backlog);
  gate.Open();
  round.AwaitAll();
}

void Run(ScenarioContext& context) {
  Round round(context);
  Dice dice(context.rng());
  const int parts = round.Scale(6, 1);
  const int tasks = std::max(1, round.knobs().tasks / parts);
  for (int i = 0; i < parts && !round.stopping(); ++i) {
    switch (dice.Below(round.tiny() ? 2 : 3)) {
      case 0:
        RunMixed(round, dice, round.Scale(tasks, 4));
        break;
      case 1:
        RunAlone(round, dice, round.Scale(std::min(tasks, 50), 2));
        break;
      default:
        RunBacklog(round, dice);
    }
  }
  round.End();
}

[[maybe_unused]] const bool kRegistered = RegisterScenario({
    .name = "idlework",
    .promise = "idle-priority tasks run when a worker has nothing else to do, "
               "and delay other work by at most one",
    .missing =
        [](Pool& pool) {
          return std::string(pool.AsIdleWork() != nullptr ? "" : "idle work");
        },
    .run = Run,
    .tune = [](ScenarioKnobs&) {},
});

}  // namespace
}  // namespace reveille::stress

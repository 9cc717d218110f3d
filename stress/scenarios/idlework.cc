// idlework: tasks for workers that would otherwise be idle.
//
// Promised to whoever submits idle-priority work: it runs, each task once, when
// a worker has nothing else to do. Promised to everybody else: never more than
// Limit() such tasks at a time, and normal work is delayed by at most one of
// them. Idle tasks are submitted to idle pools, to pools whose size changes,
// among normal work, and behind a backlog of normal work that comes while all
// workers are held up. Judged by a
// ConcurrencyOracle (the limit), an IdleWorkOracle (two idle tasks in a row
// while normal work waits), the Judge, and the watchdog, since an idle task
// that may run is runnable work.
#include <algorithm>

#include "stress/oracles/concurrency_oracle.h"
#include "stress/oracles/idle_work_oracle.h"
#include "stress/scenarios/gate.h"
#include "stress/scenarios/pace.h"
#include "stress/scenarios/round.h"

namespace reveille::stress {
namespace {

// More than a worker may have in its hands between two queues.
constexpr int kInHandsPerWorker = 300;

class IdleLoad {
 public:
  IdleLoad(Round& round, uint64_t in_hands)
      : round_(round),
        at_once_(&round.judge(), "idle-priority tasks run",
                 round.pool().AsIdleWork()->Limit()),
        order_(&round.judge(), in_hands) {}

  IdleWorkOracle& order() { return order_; }

  void SubmitIdle(Dice& dice) {
    round_.SubmitIdle([this, own = dice.Fork()]() mutable {
      at_once_.Enter();
      order_.IdleStarted();
      ComputeTypically(round_, own);
      at_once_.Leave();
    });
  }
  void SubmitNormal(Dice& dice) {
    round_.Submit([this, own = dice.Fork()]() mutable {
      order_.NormalStarted();
      ComputeTypically(round_, own);
    });
  }

 private:
  Round& round_;
  ConcurrencyOracle at_once_;
  IdleWorkOracle order_;
};

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

// Only idle tasks again, while the number of workers changes: whoever stops the
// workers for that must not overlook one that is after an idle task.
void RunResized(Round& round, Dice& dice, int tasks) {
  ResizablePool* const resizable = round.pool().AsResizable();
  if (resizable == nullptr) return RunAlone(round, dice, tasks);
  IdleLoad load(round, UINT64_MAX);
  const int workers = round.pool().Parallelism();
  round.RunOutside(2, dice, [&](Dice& own, int thread) {
    for (int i = 0; i < tasks && !round.stopping(); ++i) {
      if (thread == 0) {
        load.SubmitIdle(own);
      } else if (i % 4 == 0) {
        resizable->Resize(own.Between(1, workers));
      }
      Pause(round, own, own.Coin() ? Gap::kBrief : Gap::kNone);
    }
  });
  round.AwaitAll();
  resizable->Resize(workers);
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
    switch (dice.Below(round.tiny() ? 3 : 4)) {
      case 0:
        RunMixed(round, dice, round.Scale(tasks, 4));
        break;
      case 1:
        RunAlone(round, dice, round.Scale(std::min(tasks, 50), 2));
        break;
      case 2:
        RunResized(round, dice, round.Scale(std::min(tasks, 50), 2));
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

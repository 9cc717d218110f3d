// timers: set in the past, near, far, moved, stopped.
//
// Promised to whoever sets a timer: its callback runs as a task, once for each
// time it was set and neither moved nor stopped before, never early, and
// promptly when a worker is free, whoever else is busy. Threads outside and
// tasks inside set, move and stop timers of their own; then as many timers as
// there are workers come due at one moment, and their callbacks wait for each
// other. Judged by a DeadlineOracle for each timer (how often, not early), by
// the Judge (a timer that never fires leaves its task pending), and by the
// watchdog (how late, with a worker idle).
#include <algorithm>
#include <atomic>
#include <deque>
#include <memory>
#include <vector>

#include "stress/scenarios/judged_timer.h"
#include "stress/scenarios/meeting.h"
#include "stress/scenarios/pace.h"
#include "stress/scenarios/round.h"

namespace reveille::stress {
namespace {

using Timers = std::vector<std::unique_ptr<JudgedTimer>>;

Timers MakeTimers(Round& round, Dice& dice, int n) {
  Timers timers;
  for (int i = 0; i < n; ++i) {
    const int64_t ns = dice.Exponential(round.knobs().work_ns);
    timers.push_back(std::make_unique<JudgedTimer>(
        round, [&round, ns] { Compute(round, ns); }));
  }
  return timers;
}

// The life of some timers, in the hands of one thread or task.
void Control(Round& round, Timers& timers, Dice& dice) {
  for (auto& timer : timers) timer->Set(RandomMoment(dice));
  for (size_t i = 0; i < timers.size() && !round.stopping(); ++i) {
    JudgedTimer& timer = *timers[dice.Below(timers.size())];
    if (dice.OneIn(4)) {
      timer.Stop();
    } else {
      timer.Set(RandomMoment(dice));
    }
    if (dice.OneIn(8)) Compute(round, dice.Between(0, 20'000));
  }
  for (auto& timer : timers) timer->Settle(dice);
}

// Timers set from outside, and on the workers themselves.
void RunLives(Round& round, Dice& dice) {
  const int n = round.Scale(std::max(1, round.knobs().tasks / 8), 2);
  Timers outside = MakeTimers(round, dice, n);
  Timers inside = MakeTimers(round, dice, n);
  round.Submit([&round, &inside, own = dice.Fork()]() mutable {
    Control(round, inside, own);
  });
  Control(round, outside, dice);
  round.AwaitAll();
  for (auto& timer : outside) timer->Check();
  for (auto& timer : inside) timer->Check();
}

// While all workers but one are busy, a timer that one of them set comes due.
void RunBehindBusyWorkers(Round& round, Dice& dice) {
  if (round.pool().Parallelism() < 2) return;
  std::atomic<bool> fired{false};
  JudgedTimer timer(round, [&fired] { fired.store(true); });
  round.Submit([&round, &timer, &fired, when = NearMoment(dice, 500'000)] {
    timer.Set(when);
    SpinUntil(round.tiny(), [&fired] { return fired.load(); });
  });
  round.AwaitAll();
  timer.Check();
}

// As many timers as workers at one moment, on an idle pool or not.
void RunMeeting(Round& round, Dice& dice) {
  const int size = round.pool().Parallelism();
  Meeting meeting(round, size);
  std::deque<JudgedTimer> timers;
  const auto when =
      dice.OneIn(3) ? ExpiredMoment() : NearMoment(dice, 1'000'000);
  for (int i = 0; i < size; ++i) {
    timers.emplace_back(round, [&meeting] { meeting.Arrive(); }).Set(when);
  }
  round.AwaitAll();
  for (JudgedTimer& timer : timers) timer.Check();
}

void Run(ScenarioContext& context) {
  Round round(context);
  Dice dice(context.rng());
  const int parts = round.Scale(10, 1);
  for (int i = 0; i < parts && !round.stopping(); ++i) {
    switch (dice.Below(3)) {
      case 0:
        RunLives(round, dice);
        break;
      case 1:
        RunBehindBusyWorkers(round, dice);
        break;
      default:
        RunMeeting(round, dice);
    }
    Pause(round, dice, dice.Coin() ? Gap::kBrief : Gap::kNone);
  }
  round.End();
}

[[maybe_unused]] const bool kRegistered = RegisterScenario({
    .name = "timers",
    .promise = "a timer fires once, never early, whoever else is busy",
    .missing =
        [](Pool& pool) {
          return std::string(pool.AsTimer() != nullptr ? "" : "timers");
        },
    .run = Run,
    .tune = [](ScenarioKnobs&) {},
});

}  // namespace
}  // namespace reveille::stress

// overtake: a timer is set while the pool sleeps towards a later one.
//
// Promised to whoever sets a timer: it fires at its time, whatever deadline the
// sleepers of the pool had before. A timer in an hour is set; then, at a moment
// when the workers may sleep until that one, a timer in the near future; both
// on threads outside or on a worker. Judged by their order, not by time: the
// one in an hour must not be the first. On real threads the watchdog says so
// much earlier.
#include <atomic>
#include <chrono>

#include "stress/scenarios/gate.h"
#include "stress/scenarios/judged_timer.h"
#include "stress/scenarios/pace.h"
#include "stress/scenarios/round.h"

namespace reveille::stress {
namespace {

constexpr int64_t kNearNs = 1'000'000;

void Overtake(Round& round, Dice& dice) {
  Gate one_has_fired;
  std::atomic<bool> near_has_fired{false};
  JudgedTimer far(round, [&] {
    if (!near_has_fired.load()) {
      round.judge().Fail(
          "late-timer", "a timer in an hour fired before one in a millisecond");
    }
    one_has_fired.Open();
  });
  JudgedTimer near(round, [&] {
    near_has_fired.store(true);
    one_has_fired.Open();
  });
  far.Set(PoolClock::now() + std::chrono::hours(1));
  // The shortest sleep lets a lens put the workers to rest first.
  Pause(round, dice, dice.Coin() ? Gap::kSleep : Gap::kUntilIdle);
  const auto when = NearMoment(dice, kNearNs);
  if (dice.Coin()) {
    near.Set(when);
  } else {
    round.Submit([&near, when] { near.Set(when); });
  }
  one_has_fired.Await();
  far.Stop();
  round.AwaitAll();
  far.Check();
  near.Check();
}

void Run(ScenarioContext& context) {
  Round round(context);
  Dice dice(context.rng());
  const int times = round.Scale(std::max(1, round.knobs().tasks / 20), 1);
  for (int i = 0; i < times && !round.stopping(); ++i) Overtake(round, dice);
  round.End();
}

[[maybe_unused]] const bool kRegistered = RegisterScenario({
    .name = "overtake",
    .promise = "an earlier timer is not kept waiting by a later one",
    .missing =
        [](Pool& pool) {
          return std::string(pool.AsTimer() != nullptr ? "" : "timers");
        },
    .run = Run,
    .tune = [](ScenarioKnobs&) {},
});

}  // namespace
}  // namespace reveille::stress

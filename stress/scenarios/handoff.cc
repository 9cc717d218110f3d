// handoff: as many tasks as workers pass a turn around.
//
// Promised to whoever submits: a runnable task gets a free worker even when all
// others are busy with tasks that will not end. Each task waits, keeping its
// worker busy, until the turn is its own, passes it on, and ends after its last
// turn; in between it may submit short tasks, which have to wait. One worker
// that sleeps on runnable work stops the turn for ever (the shape of Go's
// TestGoroutineParallelism). Judged by the watchdog and the Judge.
#include <atomic>
#include <deque>

#include "stress/scenarios/gathering.h"
#include "stress/scenarios/pace.h"
#include "stress/scenarios/round.h"

namespace reveille::stress {
namespace {

class Ring {
 public:
  Ring(Round& round, int size, int laps, bool with_children)
      : round_(round),
        size_(size),
        laps_(laps),
        with_children_(with_children) {}

  void TakePart(int self) {
    for (int lap = 0; lap < laps_; ++lap) {
      const int turn = lap * size_ + self;
      SpinUntil(round_.tiny(), [&] { return turn_.load() == turn; });
      if (with_children_ && lap % 8 == 0) round_.Submit([] {});
      turn_.store(turn + 1);
    }
  }

 private:
  Round& round_;
  const int size_;
  const int laps_;
  const bool with_children_;
  std::atomic<int> turn_{0};
};

void Run(ScenarioContext& context) {
  Round round(context);
  Dice dice(context.rng());
  const int size = round.pool().Parallelism();
  const int rings = round.Scale(std::max(1, round.knobs().tasks / 50), 1);
  std::deque<Ring> kept;
  for (int i = 0; i < rings && !round.stopping(); ++i) {
    const int laps = round.Scale(dice.Between(1, 20), 2);
    Ring& ring = kept.emplace_back(round, size, laps, dice.OneIn(3));
    Gather(round, dice, size, [&ring](int self) { ring.TakePart(self); });
    round.AwaitAll();
    Pause(round, dice, dice.Coin() ? Gap::kBrief : Gap::kNone);
  }
  round.End();
}

[[maybe_unused]] const bool kRegistered = RegisterScenario({
    .name = "handoff",
    .promise = "P tasks pass a turn around: one idle worker stops it",
    .missing = [](Pool&) { return std::string(); },
    .run = Run,
    .tune = [](ScenarioKnobs&) {},
});

}  // namespace
}  // namespace reveille::stress

// readyrace: a descriptor becomes ready just as somebody begins to wait for it.
//
// Promised to whoever waits for a descriptor: the wait ends, whether readiness
// comes before it, after it, or between the look of the pool and the wait. A
// task makes the descriptor ready while a thread outside begins the wait, and
// the other way round; several descriptors, one after the other, so that
// nothing else comes to repair a loss. Judged by an EventOracle for each wait,
// by reading what the event promised, and by the Judge and the watchdog.
#include <algorithm>
#include <deque>

#include "stress/scenarios/channel.h"
#include "stress/scenarios/descriptor_wait.h"
#include "stress/scenarios/pace.h"
#include "stress/scenarios/round.h"

namespace reveille::stress {
namespace {

void Race(Round& round, Dice& dice) {
  Channel channel(dice);
  if (!channel.ok()) return;  // The process may have no more descriptors.
  DescriptorWait wait(round, channel, DescriptorWait::For::kReading);
  const auto begin = [&wait] {
    wait.Begin([&wait](NetpollPool::Event event) { wait.Consume(event); });
  };
  const auto make_ready = [&wait] { wait.MakeReady(); };
  const Gap gap = dice.Coin() ? Gap::kBrief : Gap::kNone;
  if (dice.Coin()) {
    round.Submit(make_ready);
    Pause(round, dice, gap);
    begin();
  } else {
    round.Submit(begin);
    Pause(round, dice, gap);
    make_ready();
  }
  round.AwaitAll();
  channel.CloseThrough(round.pool().AsNetpoll());
}

void Run(ScenarioContext& context) {
  Round round(context);
  Dice dice(context.rng());
  const int races = round.Scale(std::max(1, round.knobs().tasks / 4), 2);
  for (int i = 0; i < races && !round.stopping(); ++i) Race(round, dice);
  round.End();
}

[[maybe_unused]] const bool kRegistered = RegisterScenario({
    .name = "readyrace",
    .promise = "readiness that comes as a wait begins ends the wait",
    .missing =
        [](Pool& pool) {
          return std::string(pool.AsNetpoll() != nullptr ? "" : "netpoll");
        },
    .run = Run,
    .tune = [](ScenarioKnobs&) {},
});

}  // namespace
}  // namespace reveille::stress

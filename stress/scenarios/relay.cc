// relay: tasks wait for each other on all workers and end together, and at that
// moment the next such tasks are submitted, by one of them or from outside.
//
// Promised to whoever submits: the tasks run at the same time, although no
// worker sleeps that a submission could wake. All of them have just ended their
// tasks; they look for work and give up at that moment, so each submission
// meets workers that are busy, that begin to search, that have found something
// and hand the search on, and that are about to sleep. Nothing else comes
// between the legs, and the tasks of a leg need all workers, so one that sleeps
// on what a colleague's queue holds is a hang. Judged by the watchdog and the
// Judge.
#include <algorithm>
#include <deque>
#include <functional>
#include <utility>
#include <vector>

#include "stress/scenarios/meeting.h"
#include "stress/scenarios/pace.h"
#include "stress/scenarios/round.h"

namespace reveille::stress {
namespace {

constexpr int kOutside = -1;

struct Leg {
  Leg(const Round& round, int size, int who)
      : meeting(round, size), carrier(who) {}

  Meeting meeting;
  const int carrier;  // the task that submits the next leg, or kOutside
};

// As many tasks as workers; the one that carries the baton submits the next.
void Submit(Round& round, std::deque<Leg>& legs, size_t number) {
  std::vector<std::function<void()>> tasks;
  for (int i = 0; i < round.pool().Parallelism(); ++i) {
    tasks.push_back([&round, &legs, number, i] {
      Leg& leg = legs[number];
      leg.meeting.Arrive();
      if (leg.carrier == i) Submit(round, legs, number + 1);
    });
  }
  round.SubmitTogether(std::move(tasks));
}

// Until the tasks of the meeting are on their way out. Bounded on real threads,
// where somebody who looks for ever would take a processor from those who hang.
void AwaitEndOf(const Round& round, const Meeting& meeting) {
  constexpr int kLooks = 20'000;
  if (round.tiny()) return SpinUntil(true, [&] { return meeting.Complete(); });
  for (int look = 0; look < kLooks; ++look) {
    if (meeting.Complete()) return;
  }
  round.judge().AwaitAllFinished();
}

void RunRelay(Round& round, Dice& dice, int size, int length) {
  std::deque<Leg> legs;
  for (int i = 0; i < length; ++i) {
    const bool inside = i + 1 < length && !dice.OneIn(3);
    legs.emplace_back(round, size,
                      inside ? dice.Between(0, size - 1) : kOutside);
  }
  Submit(round, legs, 0);
  for (size_t i = 0; i + 1 < legs.size() && !round.stopping(); ++i) {
    if (legs[i].carrier != kOutside) continue;
    AwaitEndOf(round, legs[i].meeting);
    Submit(round, legs, i + 1);
  }
  round.AwaitAll();
}

void Run(ScenarioContext& context) {
  Round round(context);
  Dice dice(context.rng());
  const int size = round.pool().Parallelism();
  const int length = round.Scale(8, 3);
  const int relays =
      round.Scale(std::max(1, round.knobs().tasks / size / length / 4), 1);
  for (int i = 0; i < relays && !round.stopping(); ++i) {
    RunRelay(round, dice, size, length);
    Pause(round, dice, dice.Coin() ? Gap::kBrief : Gap::kNone);
  }
  round.End();
}

[[maybe_unused]] const bool kRegistered = RegisterScenario({
    .name = "relay",
    .promise = "tasks submitted as all workers come free run at once",
    .missing = [](Pool&) { return std::string(); },
    .run = Run,
    .tune = [](ScenarioKnobs&) {},
});

}  // namespace
}  // namespace reveille::stress

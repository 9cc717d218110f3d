// relay: tasks wait for each other on all workers, end together, and one of
// them submits the next such tasks as it goes.
//
// Promised to whoever submits from inside: the tasks run at the same time,
// although no worker sleeps that a submission could wake. All others have just
// ended their tasks; they look for work and give up at that moment, so each
// submission meets workers that are busy, that begin to search, that have found
// something and hand the search on, and that are about to sleep. Nothing comes
// from outside between the legs, and the tasks of a leg need all workers, so
// one that sleeps on what a colleague's queue holds is a hang. Judged by the
// watchdog and the Judge.
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

// As many tasks as workers; the one that carries the baton submits the next.
void RunLeg(Round& round, std::deque<Meeting>& legs, size_t leg,
            const Dice& dice) {
  const int size = round.pool().Parallelism();
  Dice own = dice;
  const int carrier = own.Between(0, size - 1);
  std::vector<std::function<void()>> tasks;
  for (int i = 0; i < size; ++i) {
    tasks.push_back([&round, &legs, leg, own, carries = i == carrier] {
      legs[leg].Arrive();
      if (carries && leg + 1 < legs.size()) RunLeg(round, legs, leg + 1, own);
    });
  }
  round.SubmitTogether(std::move(tasks));
}

void Run(ScenarioContext& context) {
  Round round(context);
  Dice dice(context.rng());
  const int size = round.pool().Parallelism();
  const int legs = round.Scale(8, 3);
  const int relays =
      round.Scale(std::max(1, round.knobs().tasks / size / legs), 1);
  for (int i = 0; i < relays && !round.stopping(); ++i) {
    std::deque<Meeting> meetings;
    for (int leg = 0; leg < legs; ++leg) meetings.emplace_back(round, size);
    RunLeg(round, meetings, 0, dice.Fork());
    round.AwaitAll();
    Pause(round, dice, dice.Coin() ? Gap::kBrief : Gap::kNone);
  }
  round.End();
}

[[maybe_unused]] const bool kRegistered = RegisterScenario({
    .name = "relay",
    .promise = "tasks submitted as all other workers come free run at once",
    .missing = [](Pool&) { return std::string(); },
    .run = Run,
    .tune = [](ScenarioKnobs&) {},
});

}  // namespace
}  // namespace reveille::stress

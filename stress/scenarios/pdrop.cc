// pdrop: tasks that block, tasks bound to their thread, threads that end.
//
// Promised to whoever blocks inside a section: the worker's place is lent to
// others meanwhile, for short and long sections alike, and the task goes on
// afterwards. So more tasks than workers may block until a task that was
// submitted after them sets them free; and when they come back together, as
// many as there are workers wait for each other. Promised to a task that is
// bound to its thread: nothing else runs there, and a thread that was given up
// never runs a task again. Judged by the hang that follows when a place is not
// lent or a returning task is forgotten (watchdog, Judge), and by marks in
// thread-local storage.
#include <algorithm>
#include <deque>
#include <string>

#include "stress/scenarios/gate.h"
#include "stress/scenarios/meeting.h"
#include "stress/scenarios/pace.h"
#include "stress/scenarios/round.h"

namespace reveille::stress {
namespace {

// Who a thread belongs to.
enum class Mark { kFree, kBound, kSpoilt };
thread_local Mark mark = Mark::kFree;

void CheckThreadIsFree(Round& round) {
  if (mark == Mark::kFree) return;
  round.judge().Fail("check-failed",
                     mark == Mark::kBound
                         ? "a task runs on a thread that another is bound to"
                         : "a task runs on a thread that was given up");
}

template <typename Body>
void SubmitChecked(Round& round, Body body) {
  round.Submit([&round, body = std::move(body)]() mutable {
    CheckThreadIsFree(round);
    body();
  });
}

// Shorter and longer than the periods after which a monitor takes the place of
// a blocked worker (20 us .. 10 ms).
int64_t RandomBlockNs(const Round& round, Dice& dice) {
  constexpr int64_t kLongest[] = {0, 20'000, 300'000, 3'000'000, 15'000'000};
  const size_t kinds = round.tiny() ? 2 : std::size(kLongest);
  // The longest ones are rare, or a round would only sleep.
  const size_t kind = std::min(dice.Below(kinds), dice.Below(kinds));
  return static_cast<int64_t>(
      dice.Below(static_cast<uint64_t>(kLongest[kind]) + 1));
}

void Block(Round& round, bool expect_long, int64_t ns) {
  round.pool().AsBlocking()->RunBlocking(expect_long, [ns] {
    if (ns > 0) Sleep(ns);
  });
}

// Sections of every length among tasks that compute.
void RunSections(Round& round, Dice& dice, int tasks) {
  for (int i = 0; i < tasks && !round.stopping(); ++i) {
    SubmitChecked(round, [&round, own = dice.Fork()]() mutable {
      ComputeTypically(round, own);
      if (own.OneIn(3)) {
        Block(round, own.Coin(), RandomBlockNs(round, own));
        CheckThreadIsFree(round);
        ComputeTypically(round, own);
      }
    });
    if (dice.OneIn(16)) Pause(round, dice, RandomGap(dice));
  }
  round.AwaitAll();
}

// More tasks block than there are workers; only a later task frees them. Those
// who come back need all the workers at once.
void RunGate(Round& round, Dice& dice) {
  const int workers = round.pool().Parallelism();
  Gate gate;
  Meeting meeting(round, workers);
  const int blocked = workers * dice.Between(1, round.Scale(3, 1));
  for (int i = 0; i < blocked; ++i) {
    const bool meets = i < workers;
    SubmitChecked(round, [&, meets, expect_long = dice.Coin()] {
      round.pool().AsBlocking()->RunBlocking(expect_long,
                                             [&gate] { gate.Await(); });
      if (meets) meeting.Arrive();
    });
  }
  Pause(round, dice, RandomGap(dice));
  SubmitChecked(round, [&gate] { gate.Open(); });
  round.AwaitAll();
}

void RunBoundTask(Round& round, bool discard, Dice dice) {
  round.pool().AsBlocking()->RunLocked(
      discard, [&round, discard, dice]() mutable {
        mark = Mark::kBound;
        ComputeTypically(round, dice);
        Block(round, dice.Coin(), RandomBlockNs(round, dice));
        if (mark != Mark::kBound) {
          round.judge().Fail("check-failed", "a bound task changed its thread");
        }
        mark = discard ? Mark::kSpoilt : Mark::kFree;
      });
}

// Bound tasks, some of which take their thread with them, among free ones.
void RunBound(Round& round, Dice& dice, int tasks) {
  for (int i = 0; i < tasks && !round.stopping(); ++i) {
    const bool bound = dice.OneIn(4);
    const bool discard = dice.OneIn(4);
    SubmitChecked(round, [&round, bound, discard, own = dice.Fork()]() mutable {
      if (bound) {
        RunBoundTask(round, discard, own.Fork());
      } else {
        ComputeTypically(round, own);
      }
    });
  }
  round.AwaitAll();
}

void Run(ScenarioContext& context) {
  Round round(context);
  Dice dice(context.rng());
  const int parts = round.Scale(8, 1);
  const int tasks = std::max(1, round.knobs().tasks / parts);
  for (int i = 0; i < parts && !round.stopping(); ++i) {
    switch (dice.Below(3)) {
      case 0:
        RunSections(round, dice, round.Scale(tasks, 3));
        break;
      case 1:
        RunGate(round, dice);
        break;
      default:
        RunBound(round, dice, round.Scale(std::min(tasks, 100), 3));
    }
    Pause(round, dice, dice.Coin() ? Gap::kBrief : Gap::kNone);
  }
  round.End();
}

[[maybe_unused]] const bool kRegistered = RegisterScenario({
    .name = "pdrop",
    .promise = "a task that blocks lends its worker's place and gets one back",
    .missing =
        [](Pool& pool) {
          return std::string(
              pool.AsBlocking() != nullptr ? "" : "blocking sections");
        },
    .run = Run,
    .tune = [](ScenarioKnobs&) {},
});

}  // namespace
}  // namespace reveille::stress

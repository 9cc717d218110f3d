// lend: some tasks block while the others submit.
//
// Promised to whoever submits: the place that a blocking task lends goes to a
// task that is runnable, even if that one is submitted at the very moment at
// which the place is given up. Of as many tasks as workers some block in a
// section, and the rest submit a child each and keep their workers busy until
// all children have begun. The children so have the lent places and no others:
// one that idles beside a waiting child is a hang. The last child ends the
// blocking, and then all the tasks wait for each other, which needs every place
// back at once. Judged by the watchdog and the Judge.
#include <algorithm>
#include <atomic>
#include <deque>

#include "stress/scenarios/gate.h"
#include "stress/scenarios/gathering.h"
#include "stress/scenarios/meeting.h"
#include "stress/scenarios/pace.h"
#include "stress/scenarios/round.h"

namespace reveille::stress {
namespace {

class Loan {
 public:
  Loan(Round& round, Dice dice, int workers, int lenders)
      : round_(round),
        dice_(dice),
        workers_(workers),
        lenders_(lenders),
        waiting_children_(workers - lenders),
        after_(round, workers) {}

  void TakePart(int self) {
    if (self < lenders_) {
      Lend();
    } else {
      Borrow();
    }
    after_.Arrive();
  }
  void Begin() {
    Gather(round_, dice_, workers_, [this](int self) { TakePart(self); });
  }

 private:
  void Lend() {
    round_.pool().AsBlocking()->RunBlocking(/*expect_long=*/true,
                                            [this] { returned_.Await(); });
  }
  void Borrow() {
    round_.Submit([this] {
      if (waiting_children_.fetch_sub(1) == 1) returned_.Open();
    });
    SpinUntil(round_.tiny(), [this] { return waiting_children_.load() == 0; });
  }

  Round& round_;
  Dice dice_;
  const int workers_;
  const int lenders_;
  std::atomic<int> waiting_children_;
  Gate returned_;
  Meeting after_;
};

void Run(ScenarioContext& context) {
  Round round(context);
  Dice dice(context.rng());
  const int workers = round.pool().Parallelism();
  const int loans = round.Scale(std::max(1, round.knobs().tasks / workers), 1);
  // Kept to the end: the last tasks of a loan may still look at it.
  std::deque<Loan> kept;
  for (int i = 0; i < loans && !round.stopping(); ++i) {
    kept.emplace_back(round, dice.Fork(), workers, dice.Between(1, workers - 1))
        .Begin();
    round.AwaitAll();
    Pause(round, dice, dice.Coin() ? Gap::kBrief : Gap::kNone);
  }
  round.End();
}

[[maybe_unused]] const bool kRegistered = RegisterScenario({
    .name = "lend",
    .promise = "the place of a task that blocks goes to one that is runnable",
    .missing = [](Pool& pool) -> std::string {
      if (pool.AsBlocking() == nullptr) return "blocking sections";
      return pool.Parallelism() < 2 ? "two workers" : "";
    },
    .run = Run,
    .tune =
        [](ScenarioKnobs& knobs) { knobs.procs = std::max(2, knobs.procs); },
});

}  // namespace
}  // namespace reveille::stress

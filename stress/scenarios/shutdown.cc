// shutdown: pools are created and destroyed under load.
//
// Promised to whoever submits: what a pool accepted before its shutdown began
// runs, and so do the children that those tasks spawn meanwhile; who submits
// from outside afterwards is told no, from then on always. A shutdown that says
// that it succeeded has left nothing undone; one that hits its deadline, and a
// destructor without a shutdown, may drop tasks, but run none twice. Several
// pools live at a time and submit to each other. Judged by the Judge, by what
// Shutdown() and Submit() return, and by the counters of the pool after its
// end; an end that never comes is for the watchdog.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "stress/oracles/quiescence.h"
#include "stress/scenarios/pace.h"
#include "stress/scenarios/round.h"

namespace reveille::stress {
namespace {

// How a pool ends. Only a complete shutdown keeps every task.
enum class Ending { kComplete, kDeadline, kDestructor };

// Counts down when its closure is gone, run or not.
class OpenTask {
 public:
  explicit OpenTask(std::shared_ptr<std::atomic<int>> open)
      : open_(std::move(open)) {
    open_->fetch_add(1);
  }
  OpenTask(OpenTask&&) = default;
  ~OpenTask() { Close(); }
  void Close() {
    if (open_ != nullptr) open_->fetch_sub(1);
    open_.reset();
  }

 private:
  std::shared_ptr<std::atomic<int>> open_;
};

// One pool from its creation to its end.
class Life {
 public:
  Life(Round& round, std::unique_ptr<Pool> pool, Ending ending)
      : round_(round),
        ending_(ending),
        owner_(std::move(pool)),
        pool_(owner_.get()) {}

  // Tasks of this pool then submit to the other one, too. It is destroyed
  // later.
  void SetNeighbour(Life* neighbour) { neighbour_ = neighbour; }
  // Submits until the pool says no, or has had enough.
  void Produce(Dice& dice, int tasks);
  // Submits from `producers` threads; the pool ends in the middle of it.
  void RunUnderLoad(Dice& dice, int producers, int tasks);
  // True: it finished all there was.
  bool ShutDown(Dice& dice);
  // After a complete shutdown, when nobody submits any more.
  void CheckNothingLeft();
  void Destroy() { owner_.reset(); }

 private:
  bool keeps_all() const { return ending_ == Ending::kComplete; }
  bool Submit(Dice dice, int children);
  void RunTask(Dice& dice, int children);
  void Fail(absl::string_view what) {
    round_.judge().Fail("check-failed", what);
  }

  Round& round_;
  const Ending ending_;
  std::unique_ptr<Pool> owner_;
  Pool* const pool_;  // Its tasks use it while it is being destroyed.
  Life* neighbour_ = nullptr;
  // Accepted, and neither run to the end nor dropped.
  std::shared_ptr<std::atomic<int>> open_ =
      std::make_shared<std::atomic<int>>(0);
};

bool Life::Submit(Dice dice, int children) {
  Judge& judge = round_.judge();
  const uint32_t task = judge.Submitted();
  Ticket ticket(
      &judge, task,
      keeps_all() ? Ticket::IfDropped::kIsLost : Ticket::IfDropped::kIsFine);
  const bool accepted =
      pool_->Submit([this, ticket = std::move(ticket), open = OpenTask(open_),
                     dice, children]() mutable {
        ticket.Run([&] {
          RunTask(dice, children);
          open.Close();
        });
      });
  if (!accepted && keeps_all()) judge.ForgiveDrop(task);
  return accepted;
}

void Life::RunTask(Dice& dice, int children) {
  ComputeTypically(round_, dice);
  for (int i = 0; i < children; ++i) {
    if (!Submit(dice.Fork(), children - 1) && keeps_all()) {
      Fail("a task was not let spawn during the shutdown");
    }
  }
  if (neighbour_ != nullptr) neighbour_->Submit(dice.Fork(), 0);
}

void Life::Produce(Dice& dice, int tasks) {
  const Gap gap = RandomGap(dice);
  for (int i = 0; i < tasks; ++i) {
    if (!Submit(dice.Fork(), dice.OneIn(4) ? 2 : 0)) {
      if (Submit(dice.Fork(), 0)) Fail("a pool refused a task, then took one");
      return;
    }
    if (dice.OneIn(4)) Pause(round_, dice, gap);
  }
}

void Life::CheckNothingLeft() {
  const int open = open_->load();
  if (open != 0) {
    round_.judge().Fail("lost-task",
                        absl::StrCat("Shutdown() reported success with ", open,
                                     " tasks not run to their end"));
  }
  CheckQuiescent(*pool_, &round_.judge());
}

bool Life::ShutDown(Dice& dice) {
  const auto deadline =
      keeps_all()
          ? PoolClock::time_point::max()
          : PoolClock::now() + std::chrono::microseconds(dice.Below(300));
  const bool complete = pool_->Shutdown(deadline);
  if (Submit(dice.Fork(), 0)) Fail("a pool took a task after its shutdown");
  if (!complete && keeps_all()) {
    Fail("a shutdown without a deadline did not succeed");
  }
  return complete;
}

void Life::RunUnderLoad(Dice& dice, int producers, int tasks) {
  std::vector<std::thread> threads;
  for (int i = 0; i < producers; ++i) {
    threads.emplace_back(
        [this, tasks, own = dice.Fork()]() mutable { Produce(own, tasks); });
  }
  Pause(round_, dice, RandomGap(dice));
  // Nobody outside may submit to a pool that is being destroyed.
  const bool complete = ending_ != Ending::kDestructor && ShutDown(dice);
  for (std::thread& thread : threads) thread.join();
  if (complete) CheckNothingLeft();
  Destroy();
}

std::unique_ptr<Pool> MakePool(ScenarioContext& context, int parallelism) {
  auto pool = context.make_pool(parallelism);
  if (pool.ok()) return *std::move(pool);
  context.judge.Fail("check-failed", absl::StrCat("a pool was not created: ",
                                                  pool.status().ToString()));
  return nullptr;
}

// One pool after another, on one or two threads.
void RunLives(ScenarioContext& context, Round& round, Dice& dice, int lives) {
  round.RunOutside(round.Scale(2, 1), dice, [&](Dice& own, int) {
    for (int i = 0; i < lives && !round.stopping(); ++i) {
      auto pool = MakePool(context, own.Between(1, round.knobs().procs));
      if (pool == nullptr) return;
      const auto ending = static_cast<Ending>(own.Below(3));
      Life(round, std::move(pool), ending)
          .RunUnderLoad(own, round.Scale(own.Between(0, 2), 1),
                        round.Scale(own.Between(1, 100), 2));
    }
  });
}

// Two pools at once; the tasks of one submit to the other, which may be the
// first to end, but is destroyed last.
void RunNeighbours(ScenarioContext& context, Round& round, Dice& dice) {
  auto first = MakePool(context, round.knobs().procs);
  auto second = MakePool(context, round.knobs().procs);
  if (first == nullptr || second == nullptr) return;
  Life server(round, std::move(first), Ending::kComplete);
  Life client(round, std::move(second), Ending::kComplete);
  client.SetNeighbour(&server);
  Dice own = dice.Fork();
  std::thread producer(
      [&] { client.Produce(own, round.Scale(round.knobs().tasks / 4, 2)); });
  Pause(round, dice, RandomGap(dice));
  const bool server_first = dice.Coin();
  if (server_first) server.ShutDown(dice);
  client.ShutDown(dice);
  producer.join();
  client.CheckNothingLeft();
  client.Destroy();
  if (!server_first) server.ShutDown(dice);
  server.CheckNothingLeft();
}

void Run(ScenarioContext& context) {
  Round round(context);
  Dice dice(context.rng());
  RunLives(context, round, dice,
           round.Scale(std::max(1, round.knobs().tasks / 50), 1));
  if (dice.Coin()) RunNeighbours(context, round, dice);
  round.End();
}

[[maybe_unused]] const bool kRegistered = RegisterScenario({
    .name = "shutdown",
    .promise = "a shutdown loses no accepted task, and accepts none after it",
    .missing = [](Pool&) { return std::string(); },
    .run = Run,
    .tune = [](ScenarioKnobs&) {},
});

}  // namespace
}  // namespace reveille::stress

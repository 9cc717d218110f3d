// mix: all of it at once.
//
// Promised: what each of the other scenarios is promised, together. Threads
// outside and tasks inside submit short tasks, trees, batches, yielding and
// blocking and bound tasks, timers, waits on descriptors and idle-priority work
// in random order and at random moments, whatever of these the pool offers,
// while its size changes. Judged by the Judge, by the oracle of each timer and
// each wait, by the counters at the end of the round, and by the watchdog.
#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "stress/scenarios/descriptor_wait.h"
#include "stress/scenarios/gathering.h"
#include "stress/scenarios/judged_timer.h"
#include "stress/scenarios/pace.h"
#include "stress/scenarios/round.h"

namespace reveille::stress {
namespace {

// One thread's share of the mix, and what has to live until the round ends.
class Share {
 public:
  Share(Round& round, Dice dice);

  void Submit(int tasks);
  // At quiescence.
  void Check();

 private:
  using Ingredient = void (Share::*)();
  void AddShort();
  void AddTree();
  void AddGathering();
  void AddYielding();
  void AddBlocking();
  void AddBound();
  void AddTimer();
  void AddWait();
  void AddIdle();
  void AddResize();
  int64_t WorkNs() { return dice_.Exponential(round_.knobs().work_ns); }

  Round& round_;
  Dice dice_;
  std::vector<Ingredient> ingredients_;
  std::deque<JudgedTimer> timers_;
  std::deque<Channel> channels_;
  std::deque<DescriptorWait> waits_;
};

Share::Share(Round& round, Dice dice) : round_(round), dice_(dice) {
  Pool& pool = round.pool();
  const std::pair<bool, Ingredient> all[] = {
      {true, &Share::AddShort},
      {true, &Share::AddTree},
      {true, &Share::AddGathering},
      {pool.AsYielding() != nullptr, &Share::AddYielding},
      {pool.AsBlocking() != nullptr, &Share::AddBlocking},
      {pool.AsBlocking() != nullptr, &Share::AddBound},
      {pool.AsTimer() != nullptr, &Share::AddTimer},
      {pool.AsNetpoll() != nullptr, &Share::AddWait},
      {pool.AsIdleWork() != nullptr, &Share::AddIdle},
      {pool.AsResizable() != nullptr, &Share::AddResize},
  };
  for (const auto& [offered, ingredient] : all) {
    if (offered) ingredients_.push_back(ingredient);
  }
}

void Share::AddShort() {
  round_.Submit([&r = round_, ns = WorkNs()] { Compute(r, ns); });
}

void SubmitTree(Round& round, Dice dice, int depth) {
  round.Submit([&round, dice, depth]() mutable {
    ComputeTypically(round, dice);
    for (int i = dice.Between(0, depth); i > 0; --i) {
      SubmitTree(round, dice.Fork(), depth - 1);
    }
  });
}

void Share::AddTree() { SubmitTree(round_, dice_.Fork(), round_.Scale(3, 1)); }

void Share::AddGathering() {
  const int n = dice_.Between(1, round_.Scale(8, 2));
  Gather(round_, dice_, n,
         [&r = round_, ns = WorkNs()](int) { Compute(r, ns); });
}

void Share::AddYielding() {
  round_.SubmitYielding(
      [&r = round_, ns = WorkNs(), left = dice_.Between(1, 4)]() mutable {
        Compute(r, ns);
        return --left > 0;
      });
}

void Share::AddBlocking() {
  const bool expect_long = dice_.Coin();
  const int64_t ns =
      dice_.OneIn(8) ? dice_.Exponential(2'000'000) : dice_.Exponential(20'000);
  round_.Submit([&r = round_, expect_long, ns] {
    r.pool().AsBlocking()->RunBlocking(expect_long, [ns] { Sleep(ns); });
  });
}

void Share::AddBound() {
  const bool discard = dice_.OneIn(8);
  round_.Submit([&r = round_, discard, ns = WorkNs()] {
    r.pool().AsBlocking()->RunLocked(discard, [&r, ns] { Compute(r, ns); });
  });
}

void Share::AddTimer() {
  if (!timers_.empty() && dice_.OneIn(3)) {
    JudgedTimer& old = timers_[dice_.Below(timers_.size())];
    if (dice_.Coin()) return old.Stop();
    return old.Set(RandomMoment(dice_));
  }
  timers_.emplace_back(round_, [&r = round_, ns = WorkNs()] { Compute(r, ns); })
      .Set(RandomMoment(dice_));
}

void Share::AddWait() {
  const bool may_open =
      static_cast<int>(channels_.size()) < round_.knobs().max_batch &&
      channels_.emplace_back(dice_).ok();
  if (!may_open) return;
  DescriptorWait& wait = waits_.emplace_back(round_, channels_.back(),
                                             DescriptorWait::For::kReading);
  wait.Begin([&wait](DescriptorWait::Event event) { wait.Consume(event); });
  if (dice_.Coin()) Pause(round_, dice_, Gap::kBrief);
  wait.MakeReady();
}

void Share::AddIdle() {
  round_.SubmitIdle([&r = round_, ns = WorkNs()] { Compute(r, ns); });
}

void Share::AddResize() {
  if (!dice_.OneIn(10)) return AddShort();
  round_.pool().AsResizable()->Resize(
      dice_.Between(1, 2 * round_.knobs().procs));
}

void Share::Submit(int tasks) {
  Gap gap = RandomGap(dice_);
  for (int i = 0; i < tasks && !round_.stopping(); ++i) {
    (this->*ingredients_[dice_.Below(ingredients_.size())])();
    if (dice_.OneIn(8)) Pause(round_, dice_, gap);
    if (dice_.OneIn(64)) gap = RandomGap(dice_);
  }
  for (JudgedTimer& timer : timers_) timer.Settle(dice_);
}

void Share::Check() {
  for (JudgedTimer& timer : timers_) timer.Check();
  for (Channel& channel : channels_) {
    channel.CloseThrough(round_.pool().AsNetpoll());
  }
}

void Run(ScenarioContext& context) {
  Round round(context);
  Dice dice(context.rng());
  const int producers = std::max(1, round.Scale(round.knobs().producers, 1));
  const int tasks =
      round.Scale(std::max(1, round.knobs().tasks / producers), 5);
  std::deque<Share> shares;
  for (int i = 0; i < producers; ++i) shares.emplace_back(round, dice.Fork());
  round.RunOutside(producers, dice,
                   [&](Dice&, int i) { shares[i].Submit(tasks); });
  round.AwaitAll();
  for (Share& share : shares) share.Check();
  ResizablePool* const resizable = round.pool().AsResizable();
  if (resizable != nullptr) resizable->Resize(round.knobs().procs);
  round.End();
}

[[maybe_unused]] const bool kRegistered = RegisterScenario({
    .name = "mix",
    .promise = "everything that the pool offers, at once",
    .missing = [](Pool&) { return std::string(); },
    .run = Run,
    .tune = [](ScenarioKnobs&) {},
});

}  // namespace
}  // namespace reveille::stress

// alarm: timers that are set while others wait for descriptors.
//
// Promised to whoever sets a timer: it fires when it is due, whatever the
// worker that would have to see to it is waiting for. Promised to whoever waits
// for a descriptor: the same, the other way round. Each of some tasks waits for
// a descriptor that the callback of a timer makes ready. The timers are set,
// and some of them moved ahead, from outside or by a task, while short tasks
// keep the workers coming and going: so a worker goes to sleep for an event,
// and just then something earlier has to reach it. Judged by an EventOracle for
// each wait and a DeadlineOracle for each timer, by the Judge (a callback or an
// event that never comes leaves its task pending), and by the watchdog.
#include <algorithm>
#include <deque>
#include <string>

#include "stress/scenarios/channel.h"
#include "stress/scenarios/descriptor_wait.h"
#include "stress/scenarios/judged_timer.h"
#include "stress/scenarios/pace.h"
#include "stress/scenarios/round.h"

namespace reveille::stress {
namespace {

constexpr int64_t kLateNs = 5'000'000;
constexpr int64_t kEarlyNs = 200'000;

// One descriptor, its waiter, and the timer that makes it ready.
class Alarm {
 public:
  Alarm(Round& round, Channel& channel)
      : round_(round),
        wait_(round, channel, DescriptorWait::For::kReading),
        timer_(round, [this] { wait_.MakeReady(); }) {}

  void Wait() {
    wait_.Begin([this](DescriptorWait::Event event) { wait_.Consume(event); });
  }
  // Late at first, perhaps, then early.
  void Set(Dice& dice) {
    if (dice.Coin()) timer_.Set(NearMoment(dice, kLateNs));
    timer_.Set(dice.OneIn(4) ? ExpiredMoment() : NearMoment(dice, kEarlyNs));
  }
  void SetFromInside(Dice dice) {
    round_.Submit([this, dice]() mutable { Set(dice); });
  }
  void Check() { timer_.Check(); }

 private:
  Round& round_;
  DescriptorWait wait_;
  JudgedTimer timer_;
};

void SubmitShort(Round& round, Dice& dice, int most) {
  for (int i = dice.Between(0, most); i > 0; --i) {
    round.Submit([&round, ns = dice.Exponential(round.knobs().work_ns)] {
      Compute(round, ns);
    });
  }
}

void RunAlarms(Round& round, Dice& dice, int n) {
  std::deque<Channel> channels;
  std::deque<Alarm> alarms;
  for (int i = 0; i < n; ++i) {
    if (!channels.emplace_back(dice).ok()) break;
    alarms.emplace_back(round, channels.back()).Wait();
  }
  const int most_short = round.Scale(4, 1);
  for (Alarm& alarm : alarms) {
    SubmitShort(round, dice, most_short);
    Pause(round, dice, RandomGap(dice));
    if (dice.OneIn(3)) {
      alarm.SetFromInside(dice.Fork());
    } else {
      alarm.Set(dice);
    }
  }
  round.AwaitAll();
  for (Alarm& alarm : alarms) alarm.Check();
  for (Channel& channel : channels) {
    channel.CloseThrough(round.pool().AsNetpoll());
  }
}

void Run(ScenarioContext& context) {
  Round round(context);
  Dice dice(context.rng());
  const int parts = round.Scale(std::max(1, round.knobs().tasks / 50), 1);
  for (int i = 0; i < parts && !round.stopping(); ++i) {
    RunAlarms(round, dice, dice.Between(1, round.Scale(8, 2)));
  }
  round.End();
}

[[maybe_unused]] const bool kRegistered = RegisterScenario({
    .name = "alarm",
    .promise = "a timer fires although its worker waits for a descriptor, and "
               "the other way round",
    .missing = [](Pool& pool) -> std::string {
      if (pool.AsTimer() == nullptr) return "timers";
      return pool.AsNetpoll() != nullptr ? "" : "netpoll";
    },
    .run = Run,
    .tune = [](ScenarioKnobs&) {},
});

}  // namespace
}  // namespace reveille::stress

// netpoll: descriptors made ready in batches of 1..N.
//
// Promised to whoever waits for a descriptor: the wait ends once, with the
// reason that is true, and no ready descriptor is left unserved while a worker
// is idle. Tasks wait on pipes, socket pairs and eventfds; a thread outside or
// a task makes them ready in batches while all workers are busy, are just going
// idle, or have long been idle. Some waits end by their deadline, by a close
// under the waiter, or because a second one waits for the same. Some handlers
// wait again, and pass the event on to the next descriptor. Then as many
// descriptors as there are workers become ready at once and their handlers wait
// for each other. Judged by an EventOracle for each wait, by reading what the
// event promised, by the Judge (a lost event leaves its task pending) and by
// the watchdog.
#include <algorithm>
#include <chrono>
#include <deque>
#include <utility>
#include <vector>

#include "stress/scenarios/channel.h"
#include "stress/scenarios/descriptor_wait.h"
#include "stress/scenarios/meeting.h"
#include "stress/scenarios/pace.h"
#include "stress/scenarios/round.h"

namespace reveille::stress {
namespace {

using Event = NetpollPool::Event;
using Wait = DescriptorWait;
using Waits = std::deque<Wait>;
using Channels = std::deque<Channel>;

// Fewer than asked for when the process may have no more descriptors.
Channels MakeChannels(Dice& dice, int n) {
  Channels channels;
  for (int i = 0; i < n; ++i) {
    if (channels.emplace_back(dice).ok()) continue;
    channels.pop_back();
    break;
  }
  return channels;
}

void CloseAll(Round& round, Channels& channels) {
  for (Channel& channel : channels) {
    channel.CloseThrough(round.pool().AsNetpoll());
  }
}

PoolClock::time_point SoonDeadline(Dice& dice) {
  return PoolClock::now() + std::chrono::microseconds(dice.Below(3'000));
}

// The pool in one of the states in which an event may find it.
void SetScene(Round& round, Dice& dice) {
  switch (dice.Below(4)) {
    case 0:  // All busy.
      for (int i = 2 * round.pool().Parallelism(); i > 0; --i) {
        round.Submit(
            [&round, ns = dice.Exponential(50'000)] { Compute(round, ns); });
      }
      break;
    case 1:  // Going idle.
      round.Submit(
          [&round, ns = dice.Exponential(2'000)] { Compute(round, ns); });
      Pause(round, dice, Gap::kBrief);
      break;
    case 2:  // All idle.
      AwaitNearIdle(round, dice);
      break;
    default:  // Whatever comes.
      break;
  }
}

void MakeReadyInBatches(Round& round, Dice& dice,
                        const std::vector<Wait*>& waits) {
  const Gap gap = RandomGap(dice);
  size_t next = 0;
  while (next < waits.size()) {
    const int most = dice.OneIn(3) ? static_cast<int>(waits.size()) : 4;
    for (int n = dice.Between(1, most); n > 0 && next < waits.size(); --n) {
      waits[next++]->MakeReady();
    }
    Pause(round, dice, gap);
  }
}

// From this thread, or from a task.
void Release(Round& round, Dice& dice, std::vector<Wait*> waits) {
  SetScene(round, dice);
  if (dice.Coin()) {
    MakeReadyInBatches(round, dice, waits);
  } else {
    round.Submit(
        [&round, own = dice.Fork(), waits = std::move(waits)]() mutable {
          MakeReadyInBatches(round, own, waits);
        });
  }
}

// Many waits, each with a fate of its own.
void RunFates(Round& round, Dice& dice, int n) {
  Channels channels = MakeChannels(dice, n);
  Waits waits;
  std::vector<Wait*> will_be_ready;
  std::vector<Wait*> will_be_closed;
  for (Channel& channel : channels) {
    const bool for_write = dice.OneIn(4);
    if (for_write) channel.Fill();
    const bool in_time = !dice.OneIn(8);
    Wait& wait = waits.emplace_back(
        round, channel, for_write ? Wait::For::kWriting : Wait::For::kReading,
        in_time ? EventOracle::kNever : SoonDeadline(dice));
    wait.Begin([&round, &wait,
                ns = dice.Exponential(round.knobs().work_ns)](Event event) {
      wait.Consume(event);
      Compute(round, ns);
    });
    if (in_time) {
      (dice.OneIn(8) ? will_be_closed : will_be_ready).push_back(&wait);
    }
  }
  Release(round, dice, std::move(will_be_ready));
  for (Wait* wait : will_be_closed) wait->Close();
  round.AwaitAll();
  CloseAll(round, channels);
}

// Two wait for the same direction of one descriptor: one of them is told so, or
// the first is done before the second comes.
void RunContest(Round& round, Dice& dice) {
  Channels channels = MakeChannels(dice, 1);
  if (channels.empty()) return;
  Waits waits;
  for (int i = 0; i < 2; ++i) {
    Wait& wait = waits.emplace_back(round, channels[0], Wait::For::kReading);
    wait.IsContested();
    wait.Begin([](Event) {});  // Leaves what it reads to the other.
  }
  // They share the descriptor: feeding it for the one makes both ready.
  for (Wait& wait : waits) wait.ExpectReady();
  for (Wait& wait : waits) wait.MakeReady();
  round.AwaitAll();
  CloseAll(round, channels);
}

// Each event makes the next descriptor ready, so that there never is more than
// one, and it comes from a worker.
void RunRelay(Round& round, Dice& dice, int length) {
  Channels channels = MakeChannels(dice, length);
  Waits waits;
  for (Channel& channel : channels)
    waits.emplace_back(round, channel, Wait::For::kReading);
  for (size_t i = 0; i < waits.size(); ++i) {
    waits[i].Begin([&waits, i](Event event) {
      waits[i].Consume(event);
      if (i + 1 < waits.size()) waits[i + 1].MakeReady();
    });
  }
  SetScene(round, dice);
  if (!waits.empty()) waits[0].MakeReady();
  round.AwaitAll();
  CloseAll(round, channels);
}

// As many events as workers at once; the handlers wait for each other.
void RunMeeting(Round& round, Dice& dice) {
  const int size = round.pool().Parallelism();
  Channels channels = MakeChannels(dice, size);
  if (static_cast<int>(channels.size()) < size) return;
  Meeting meeting(round, size);
  Waits waits;
  std::vector<Wait*> all;
  for (Channel& channel : channels) {
    Wait& wait = waits.emplace_back(round, channel, Wait::For::kReading);
    wait.Begin([&meeting](Event) { meeting.Arrive(); });
    all.push_back(&wait);
  }
  Release(round, dice, std::move(all));
  round.AwaitAll();
  CloseAll(round, channels);
}

void Run(ScenarioContext& context) {
  Round round(context);
  Dice dice(context.rng());
  const int parts = round.Scale(std::max(1, round.knobs().tasks / 50), 1);
  const int most = round.Scale(std::max(1, round.knobs().max_batch), 2);
  for (int i = 0; i < parts && !round.stopping(); ++i) {
    switch (dice.Below(5)) {
      case 0:
        RunContest(round, dice);
        break;
      case 1:
        RunRelay(round, dice, dice.Between(1, most));
        break;
      case 2:
        RunMeeting(round, dice);
        break;
      default:
        RunFates(round, dice, dice.Between(1, most));
    }
  }
  round.End();
}

[[maybe_unused]] const bool kRegistered = RegisterScenario({
    .name = "netpoll",
    .promise = "a wait on a descriptor ends once, for a true reason, and at "
               "once when a worker is idle",
    .missing =
        [](Pool& pool) {
          return std::string(pool.AsNetpoll() != nullptr ? "" : "netpoll");
        },
    .run = Run,
    .tune = [](ScenarioKnobs&) {},
});

}  // namespace
}  // namespace reveille::stress

// The steps that do not wait.
#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include "fuzz/api/world.h"
#include "nlohmann/json.hpp"

namespace reveille::fuzz {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// Longer than sysmon waits before it polls, takes a P back or asks for a yield.
constexpr auto kLong = milliseconds(25);

// Too large to lie in a task's record.
struct Cargo {
  char bytes[100] = {};
};

// A function that cannot be copied, and so never becomes a task.
struct ThrowsWhenCopied {
  ThrowsWhenCopied() = default;
  ThrowsWhenCopied(const ThrowsWhenCopied&) { throw 1; }
  void operator()() const {}
};

// Every value of an enumeration has a word, those of other versions as well.
void SayWords(const Step& step) {
  const auto value = static_cast<uint8_t>(step.variant + 8 * (step.which % 2));
  for (const char* word : {ToString(static_cast<Wake>(value)),
                           ToString(static_cast<PStatus>(value)),
                           ToString(static_cast<MState>(value))}) {
    Promise(*word != '\0', "a state has a word");
  }
}

Task<> Nothing() { co_return; }
Task<> SleepUntilThen(Deadline then) { co_await SleepUntil(then); }

}  // namespace

void World::Perform(const Step& step, Party party) {
  switch (step.verb) {
    case Verb::kCancel:
      return Cancel(step);
    case Verb::kMakeReady:
    case Verb::kCloseFd:
    case Verb::kReuseFd:
      return ChangeSocket(step);
    case Verb::kBlock:
      return Block(step);
    case Verb::kCompute:
      return Compute(step);
    case Verb::kBurst:
      return SpawnBurst(step);
    case Verb::kElsewhere:
      return SpawnElsewhere(step);
    case Verb::kThrowingCopy:
      return SpawnWhatThrows(step);
    case Verb::kTimer:
      return SetTimer(step);
    case Verb::kResize:
      return Resize(step);
    case Verb::kReleaseMemory:
      return running_->ReleaseMemory();
    case Verb::kLook:
      return Look(step, party);
    case Verb::kWords:
      return SayWords(step);
    default:
      return EndWaits(step);
  }
}

void World::EndWaits(const Step& step) {
  const uint8_t which = step.which % 2;
  const int permits = step.variant % 4 + 1;
  switch (step.verb) {
    case Verb::kSetEvent:
      return events_[which].Set();
    case Verb::kResetEvent:
      return events_[which].Reset();
    case Verb::kRelease:
      ledger_.permits.fetch_add(permits);
      return semaphores_[which].Release(permits);
    case Verb::kTryAcquire:
      if (semaphores_[which].TryAcquire()) ledger_.permits.fetch_sub(1);
      return;
    case Verb::kReadyOne:
      skips_.store(true);
      queue_.ReadyOne();
      return;
    case Verb::kReadyAll:
      Promise(queue_.ReadyAll() >= 0, "so many were woken");
      return;
    case Verb::kCountInGroup:
      group_.Add();
      Promise(group_.count() > 0, "a group counts who was added");
      return group_.Done();
    default:
      return;
  }
}

// Said before it is done: who is told of it may ask.
void World::Cancel(const Step& step) {
  std::optional<JoinHandle> handle = HandleOf(step);
  if (!handle) return;
  cancelled_[IndexOf(step)].store(true);
  JoinHandle copy;
  copy.Cancel();  // Of nobody.
  copy = *handle;
  copy.Cancel();
}

void World::ChangeSocket(const Step& step) {
  SocketPair& socket = sockets_[step.which];
  if (step.verb == Verb::kReuseFd) return socket.Reuse();
  if (step.verb == Verb::kCloseFd) {
    if (step.variant >= 6) {
      const int none = step.variant == 6 ? -1 : 5'000'000;
      return Promise(running_->CloseFd(none) == EBADF,
                     "what is no descriptor cannot be closed");
    }
    return socket.Close([&] {
      Promise(running_->CloseFd(socket.near()) == 0,
              "a descriptor can be closed");
    });
  }
  switch (step.variant % 4) {
    case 0:
      return socket.MakeReadable();
    case 1:
      return socket.EndOfFile();
    case 2:
      return socket.Fill();
    default:
      return socket.Empty();
  }
}

void World::Block(const Step& step) {
  const bool expect_long = (step.variant & 1) != 0;
  const BlockingSection section(expect_long ? BlockingSection::Expect::kLong
                                            : BlockingSection::Expect::kShort);
  const BlockingSection nested;
  if (step.variant < 2) return;
  const bool takes_long = step.variant >= 6 && MayTakeLong();
  std::this_thread::sleep_for(takes_long ? kLong : microseconds(100));
}

void World::Compute(const Step& step) {
  const bool takes_long = step.variant >= 6 && MayTakeLong();
  const auto until =
      Clock::now() + (takes_long ? microseconds(kLong) : microseconds(5));
  while (Clock::now() < until) {
    if (step.variant == 6 && PreemptRequested()) return;
  }
}

void World::SpawnBurst(const Step& step) {
  if (!MayTakeLong()) return;
  Scheduler& s = *running_;
  const auto add = [this](const absl::Status& status) {
    if (status.ok()) ledger_.accepted.fetch_add(1);
  };
  const Deadline together = Clock::now() + microseconds(300);
  // Beyond what a local queue, a P's free records and its free frames hold.
  for (int i = 0; i < 300; ++i) {
    InLedger body(&ledger_);
    switch (step.variant) {
      case 0:
        add(s.Spawn(Nothing));
        break;
      case 1:
        add(s.Spawn(Nothing()));
        break;
      case 2:
        add(s.SpawnJoinable([body = std::move(body)] {}).status());
        break;
      case 3:
        add(s.Spawn([body = std::move(body), cargo = Cargo()] {}));
        break;
      case 4:
        add(s.Spawn([body = std::move(body)] {}, {.idle_priority = true}));
        break;
      case 5:
        add(s.Spawn(SleepUntilThen(together)));
        break;
      default:
        add(s.Spawn([body = std::move(body)] {}));
        break;
    }
  }
}

// A worker of another scheduler is a thread outside of ours.
void World::SpawnElsewhere(const Step& step) {
  const Step inner = {step.variant % 2 == 0 ? Verb::kRelease : Verb::kReadyAll,
                      step.which, 0, 0};
  elsewhere_->Spawn([this, inner] { EndWaits(inner); }).IgnoreError();
}

void World::SpawnWhatThrows(const Step& step) {
  const ThrowsWhenCopied body;
  try {
    if (step.variant % 2 == 0) {
      running_->Spawn(body).IgnoreError();
    } else {
      Batch batch(running_);
      batch.Add(body);
    }
  } catch (int) {
  }
}

void World::SetTimer(const Step& step) {
  Timer& timer = timers_[step.which];
  const Deadline now = Clock::now();
  switch (step.variant) {
    case 0:
      timer.Stop();
      return;
    case 1:
      timer.Reset(now);
      return;
    case 2:
      timer.Reset(now + std::chrono::hours(1));
      return;
    case 3:
      timer.Reset(kNoDeadline);
      return;
    default:
      timer.Reset(now + microseconds(20) * step.variant);
      return;
  }
}

void World::Resize(const Step& step) {
  constexpr int kProcs[] = {1, 2, 3, 4, 8, 0, -3, Options::kMaxProcs + 1};
  const int procs = kProcs[step.variant];
  const bool valid = procs >= 1 && procs <= Options::kMaxProcs;
  Promise(running_->SetMaxProcs(procs).ok() == valid,
          "SetMaxProcs() refuses what is out of range");
  Promise(running_->procs() >= 1, "there is a P");
}

void World::Look(const Step& step, Party party) {
  const bool records = script_.options.flight_recorder_events != 0;
  switch (step.variant) {
    case 0: {
      const Stats stats = running_->GetStats();
      Promise(stats.InTransition() >= 0 && Stats::SameSteps(stats, stats),
              "nothing moves within a snapshot");
      stats.Runnable();
      return;
    }
    case 1:
    case 2:
      Promise(running_->SchedTrace(step.variant == 2).starts_with("SCHED "),
              "a trace is the line SCHED");
      return;
    case 3:
      Promise(nlohmann::json::accept(running_->DumpFlightRecorder()),
              "the flight record is JSON");
      return;
    case 4:
    case 5:
      if (records) running_->EnableFlightRecorder(step.variant == 4);
      return;
    default:
      return WhoAmI(party);
  }
}

void World::WhoAmI(Party party) {
  const uint64_t id = Scheduler::CurrentTaskId();
  const std::string name = Scheduler::CurrentTaskName();
  Promise((id == 0) == party.is_main(), "a task has an id, a thread has none");
  Promise(id == Scheduler::CurrentTaskId(), "a task keeps its id");
  const bool named =
      !party.is_main() && script_.parts[static_cast<size_t>(party.part)].named;
  Promise(name == (named ? kName : ""),
          "a task has the name that it was given");
}

}  // namespace reveille::fuzz

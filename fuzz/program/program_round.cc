// program: does to a pool what a Program says, judged like any scenario.
//
// The program comes as ScenarioContext::input. Its operations are performed by
// a thread, by a second one and by tasks; a drain, and the end, wait until all
// that was begun has run, and make a phase of what came before.
//
// Who waits for whom is decided beforehand (seats.h), so that a pool that keeps
// its promises ends every program. One that does not is judged by the Judge,
// the oracle of each timer and each wait, the counters at the end, and the
// watchdog or the lens.
//
// On real threads everybody computes for a while before each step, how long is
// decided by the seed of the round; under the lens schedules do that.
#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "fuzz/program/program.h"
#include "fuzz/program/seats.h"
#include "stress/oracles/quiescence.h"
#include "stress/scenarios/channel.h"
#include "stress/scenarios/descriptor_wait.h"
#include "stress/scenarios/gate.h"
#include "stress/scenarios/judged_timer.h"
#include "stress/scenarios/legs.h"
#include "stress/scenarios/meeting.h"
#include "stress/scenarios/pace.h"
#include "stress/scenarios/round.h"

namespace reveille::fuzz {
namespace {

using std::chrono::microseconds;
using stress::BlockingPool;
using stress::Channel;
using stress::DescriptorWait;
using stress::Dice;
using stress::Gate;
using stress::JudgedTimer;
using stress::Legs;
using stress::Meeting;
using stress::Pool;
using stress::PoolClock;
using stress::Round;
using stress::ScenarioContext;

constexpr int64_t kShortNs = 30'000;
constexpr int64_t kDelayNs = 4'000;
// More than the queue of one worker holds, in any pool that has such queues.
constexpr int kCrowd = 264;

// What an operation's tasks use, until the phase is over.
struct Belongings {
  std::deque<Channel> channels;
  std::deque<DescriptorWait> waits;
  std::deque<JudgedTimer> timers;
  std::deque<Gate> gates;
  std::deque<std::atomic<bool>> flags;
  std::optional<Legs> legs;
  std::unique_ptr<Pool> pool;
};

class Phase {
 public:
  // The operations from `first` to before `last`, on so many workers.
  // `crowd_came`: whether the one crowd of the program has come.
  Phase(ScenarioContext& context, Round& round, const Op* first, const Op* last,
        int workers, std::atomic<bool>& crowd_came);
  // Returns when all has run.
  void Run();

 private:
  using Ops = std::vector<size_t>;  // By their numbers in the phase.

  Ops OpsOf(Actor actor) const;
  void RunMain();
  void PerformAll(const Ops& ops) {
    for (const size_t i : ops) Perform(i);
  }
  void Perform(size_t i);
  void Clear();

  void Submit(const Op& op);
  void SubmitBurst(const Op& op, Belongings& own);
  void SubmitCrowd(bool together);
  void SubmitLegs(const Op& op, Belongings& own);
  void SubmitYielding(const Op& op, Belongings& own);
  void SubmitGivingWay(const Op& op, Belongings& own);
  void SubmitPairs(const Op& op);
  void SubmitBlocking(const Op& op, Belongings& own);
  void SubmitLocked(const Op& op);
  void SetTimers(const Op& op, Belongings& own);
  void WaitForDescriptors(const Op& op, Belongings& own);
  void MakeReadyByTimer(const Op& op, Belongings& own);
  void SubmitIdle(const Op& op);
  void ShutDownAnother(const Op& op, Belongings& own);

  void Attend(const Op& op);
  // Changes something each time, or a lens would take several for a spin.
  void GiveOthersAChance() {
    pauses_.fetch_add(1);
    std::this_thread::yield();
  }
  // At the n-th place where the seed of the phase may delay somebody.
  void Delay(uint64_t n) const;
  bool IsOutside(const Op& op) const {
    return op.actor == Actor::kMain || op.actor == Actor::kHelper;
  }
  Pool& pool() const { return round_.pool(); }

  ScenarioContext& context_;
  Round& round_;
  std::atomic<bool>& crowd_came_;
  const std::vector<Op> ops_;
  const uint64_t seed_;
  std::vector<Belongings> belongings_;
  const Seats seats_;
  Meeting meeting_;
  std::atomic<int> came_{0};
  std::atomic<uint32_t> pauses_{0};
};

Phase::Phase(ScenarioContext& context, Round& round, const Op* first,
             const Op* last, int workers, std::atomic<bool>& crowd_came)
    : context_(context),
      round_(round),
      crowd_came_(crowd_came),
      ops_(first, last),
      seed_(context.rng()),
      belongings_(ops_.size()),
      seats_(SeatsOf(first, last, workers)),
      meeting_(round, seats_.meeting) {}

Phase::Ops Phase::OpsOf(Actor actor) const {
  Ops ops;
  for (size_t i = 0; i < ops_.size(); ++i) {
    if (ops_[i].actor == actor) ops.push_back(i);
  }
  return ops;
}

// What the same task does belongs to the operation that made the task.
void Phase::RunMain() {
  for (size_t i = 0; i < ops_.size(); ++i) {
    if (ops_[i].actor == Actor::kMain) {
      Perform(i);
      continue;
    }
    if (ops_[i].actor == Actor::kHelper) continue;
    Ops task = {i};
    for (size_t k = i + 1; k < ops_.size() && ops_[k].actor == Actor::kSameTask;
         ++k) {
      task.push_back(k);
    }
    i = task.back();
    round_.Submit([this, task = std::move(task)] { PerformAll(task); });
  }
}

void Phase::Run() {
  const Ops for_helper = OpsOf(Actor::kHelper);
  std::thread helper;
  if (!for_helper.empty()) {
    helper = std::thread([this, &for_helper] { PerformAll(for_helper); });
  }
  RunMain();
  if (helper.joinable()) helper.join();
  round_.AwaitAll();
  Clear();
}

void Phase::Clear() {
  for (Belongings& own : belongings_) {
    for (JudgedTimer& timer : own.timers) timer.Check();
    for (Channel& channel : own.channels) {
      channel.CloseThrough(pool().AsNetpoll());
    }
  }
}

void Phase::Delay(uint64_t n) const {
  if (round_.tiny()) return;
  Dice dice(seed_ + n * 0x9e3779b97f4a7c15);
  // Most steps follow each other at once.
  if (dice.OneIn(3)) stress::Compute(round_, dice.Exponential(kDelayNs));
}

void Phase::Attend(const Op& op) {
  Delay(static_cast<uint64_t>(came_.load()) + ops_.size());
  if (!op.meets || came_.fetch_add(1) >= seats_.meeting) return;
  meeting_.Arrive();
}

void Phase::Perform(size_t i) {
  const Op& op = ops_[i];
  Belongings& own = belongings_[i];
  Delay(i);
  switch (op.kind) {
    case OpKind::kSubmit:
      return Submit(op);
    case OpKind::kBurst:
      return SubmitBurst(op, own);
    case OpKind::kYielding:
      return SubmitYielding(op, own);
    case OpKind::kBlock:
      return SubmitBlocking(op, own);
    case OpKind::kLocked:
      return SubmitLocked(op);
    case OpKind::kTimer:
      return SetTimers(op, own);
    case OpKind::kNetpoll:
      return WaitForDescriptors(op, own);
    case OpKind::kIdle:
      return SubmitIdle(op);
    case OpKind::kResize:
      if (pool().AsResizable() == nullptr) return Submit(op);
      return pool().AsResizable()->Resize(1 + op.variant % Program::kMostProcs);
    case OpKind::kSleep:
      return stress::Sleep((op.variant + 1) * kShortNs);
    case OpKind::kPause:
    case OpKind::kDrain:
      for (int k = 0; k <= op.variant; ++k) GiveOthersAChance();
      return;
    case OpKind::kShutdown:
      return ShutDownAnother(op, own);
  }
}

// Variant 1: each task submits another one, which takes its part. 2: each gives
// other threads a chance first.
void Phase::Submit(const Op& op) {
  for (int i = 0; i < op.count; ++i) {
    round_.Submit([this, &op] {
      if ((op.variant & 2) != 0) GiveOthersAChance();
      if ((op.variant & 1) == 0) return Attend(op);
      round_.Submit([this, &op] { Attend(op); });
    });
  }
}

// Variants 6, 7 where nobody meets: a crowd, one by one or together. A second
// one would take more steps than an execution has.
void Phase::SubmitBurst(const Op& op, Belongings& own) {
  if (LegsAfterFirst(op) > 0) return SubmitLegs(op, own);
  if (!op.meets && op.variant >= 6 && !crowd_came_.exchange(true)) {
    return SubmitCrowd(op.variant == 7);
  }
  std::vector<std::function<void()>> bodies;
  for (int i = 0; i < op.count; ++i) {
    bodies.emplace_back([this, &op] { Attend(op); });
  }
  round_.SubmitTogether(std::move(bodies));
}

void Phase::SubmitCrowd(bool together) {
  if (together) {
    return round_.SubmitTogether({kCrowd, std::function<void()>([] {})});
  }
  for (int i = 0; i < kCrowd; ++i) round_.Submit([] {});
}

// So many legs after the first; with 4 added, the next one is carried by who
// submitted the first, if it is no worker, and else by a task of each.
void Phase::SubmitLegs(const Op& op, Belongings& own) {
  const bool from_outside = (op.variant & 4) != 0 && IsOutside(op);
  const std::vector<int> carriers(
      static_cast<size_t>(LegsAfterFirst(op)) + 1,
      from_outside ? Legs::kOutside : seats_.legs - 1);
  own.legs.emplace(round_, seats_.legs, carriers).Run();
}

// Gives way `variant` times; with 4 added, it submits a task of its own before,
// and gives way until that one has run or, where somebody keeps a worker, once
// more; then both take their part.
void Phase::SubmitYielding(const Op& op, Belongings& own) {
  if (pool().AsYielding() == nullptr) {
    if (IsPair(op)) Submit(op);  // As many are waited for.
    return Submit(op);
  }
  if (IsPair(op)) {
    return seats_.keeps_workers ? SubmitPairs(op) : SubmitGivingWay(op, own);
  }
  for (int i = 0; i < op.count; ++i) {
    round_.SubmitYielding([this, &op, left = op.variant % 4 + 1]() mutable {
      if (--left > 0) return true;
      Attend(op);
      return false;
    });
  }
}

void Phase::SubmitGivingWay(const Op& op, Belongings& own) {
  for (int i = 0; i < op.count; ++i) {
    std::atomic<bool>& has_run = own.flags.emplace_back(false);
    round_.SubmitYielding([this, &op, &has_run, submits = true]() mutable {
      if (submits) round_.Submit([&has_run] { has_run.store(true); });
      submits = false;
      if (!has_run.load()) return true;
      Attend(op);
      return false;
    });
  }
}

void Phase::SubmitPairs(const Op& op) {
  for (int i = 0; i < op.count; ++i) {
    round_.SubmitYielding(
        [this, &op, left = op.variant % 4 + 2, submits = true]() mutable {
          if (submits) round_.Submit([this, &op] { Attend(op); });
          submits = false;
          if (--left > 0) return true;
          Attend(op);
          return false;
        });
  }
}

// Variants 0..3: for a while or none, short or long. 4, 5: until a task of its
// own has run. 6, 7: until one that is submitted after them all has.
void Phase::SubmitBlocking(const Op& op, Belongings& own) {
  BlockingPool* const blocking = pool().AsBlocking();
  if (blocking == nullptr) return Submit(op);
  // Only who lends the place at once may wait for others.
  const bool expect_long = (op.variant & 1) != 0 || op.variant >= 4;
  for (int i = 0; i < op.count; ++i) {
    Gate* gate = nullptr;
    if (op.variant >= 4) {
      gate = i == 0 || op.variant < 6 ? &own.gates.emplace_back()
                                      : &own.gates.front();
    }
    round_.Submit([this, &op, blocking, expect_long, gate] {
      if (gate != nullptr && op.variant < 6) {
        round_.Submit([gate] { gate->Open(); });
      }
      blocking->RunBlocking(expect_long, [&op, gate] {
        if (gate != nullptr) return gate->Await();
        if (op.variant >= 2) stress::Sleep(kShortNs);
      });
      Attend(op);
    });
  }
  if (op.variant < 6) return;
  round_.Submit([gate = &own.gates.front()] { gate->Open(); });
}

// Variant 1: the thread ends with the task. 2: it blocks meanwhile.
void Phase::SubmitLocked(const Op& op) {
  BlockingPool* const blocking = pool().AsBlocking();
  if (blocking == nullptr) return Submit(op);
  for (int i = 0; i < op.count; ++i) {
    round_.Submit([this, &op, blocking] {
      blocking->RunLocked((op.variant & 1) != 0, [this, &op, blocking] {
        if ((op.variant & 2) != 0) blocking->RunBlocking(true, [] {});
        Attend(op);
      });
    });
  }
}

// 0: past due. 1, 2: near, less near. 3: far, then near. 4: stopped. 5:
// stopped, then set again. 6, 7: near, and the callback submits what takes its
// part.
void Phase::SetTimers(const Op& op, Belongings& own) {
  if (pool().AsTimer() == nullptr) return Submit(op);
  for (int i = 0; i < op.count; ++i) {
    JudgedTimer& timer = own.timers.emplace_back(round_, [this, &op] {
      if (op.variant < 6) return Attend(op);
      round_.Submit([this, &op] { Attend(op); });
    });
    const auto now = PoolClock::now();
    switch (op.variant) {
      case 0:
        timer.Set(stress::ExpiredMoment());
        break;
      case 2:
        timer.Set(now + microseconds(2'000));
        break;
      case 3:
        timer.Set(now + microseconds(5'000));
        timer.Set(now + microseconds(100));
        break;
      case 4:
      case 5:
        timer.Set(now + microseconds(100));
        timer.Stop();
        timer.Set(now + microseconds(op.variant == 4 ? 3'000 : 50));
        break;
      default:
        timer.Set(now + microseconds(100));
        break;
    }
  }
}

// As many descriptors, made ready together. Variant 1: by a task. 2: for
// writing. 4: the first is closed instead, by whoever may. 6, 7: by the
// callback of a timer that was far, and then near; 7: a task sets it.
void Phase::WaitForDescriptors(const Op& op, Belongings& own) {
  if (pool().AsNetpoll() == nullptr) return Submit(op);
  const bool by_timer = op.variant >= 6;
  const bool writes = !by_timer && (op.variant & 2) != 0;
  Dice dice(op.variant);
  for (int i = 0; i < op.count; ++i) {
    Channel& channel = own.channels.emplace_back(dice);
    if (!channel.ok()) {
      own.channels.pop_back();
      round_.Submit([this, &op] { Attend(op); });
      continue;
    }
    if (writes) channel.Fill();
    DescriptorWait& wait = own.waits.emplace_back(
        round_, channel,
        writes ? DescriptorWait::For::kWriting : DescriptorWait::For::kReading);
    wait.Begin([this, &op, &wait](DescriptorWait::Event event) {
      wait.Consume(event);
      Attend(op);
    });
  }
  if (by_timer && pool().AsTimer() != nullptr) {
    return MakeReadyByTimer(op, own);
  }
  const bool closes = !by_timer && (op.variant & 4) != 0 && IsOutside(op);
  const auto make_ready = [&own, closes] {
    for (size_t i = 0; i < own.waits.size(); ++i) {
      if (i > 0 || !closes) own.waits[i].MakeReady();
    }
  };
  if ((op.variant & 1) != 0) {
    round_.Submit(make_ready);
  } else {
    make_ready();
  }
  if (closes && !own.waits.empty()) own.waits.front().Close();
}

void Phase::MakeReadyByTimer(const Op& op, Belongings& own) {
  JudgedTimer& timer = own.timers.emplace_back(round_, [&own] {
    for (DescriptorWait& wait : own.waits) wait.MakeReady();
  });
  const auto set = [&timer] {
    const auto now = PoolClock::now();
    timer.Set(now + microseconds(5'000));
    timer.Set(now + microseconds(100));
  };
  if (op.variant == 6) return set();
  round_.Submit(set);
}

void Phase::SubmitIdle(const Op& op) {
  if (pool().AsIdleWork() == nullptr) return Submit(op);
  for (int i = 0; i < op.count; ++i) round_.SubmitIdle([] {});
}

// The life of a pool from its beginning to its end, from outside.
void Phase::ShutDownAnother(const Op& op, Belongings& own) {
  if (!IsOutside(op)) return Submit(op);
  auto made = context_.make_pool(1 + op.variant % 2);
  if (!made.ok()) {
    return round_.judge().Fail("check-failed", "a pool was not created");
  }
  own.pool = *std::move(made);
  Pool* const other = own.pool.get();
  const auto submit = [this, other](auto body) {
    if (other->Submit(round_.Counted(std::move(body)))) return;
    round_.judge().Fail("check-failed", "a pool that runs refused a task");
  };
  for (int i = 0; i < op.count; ++i) {
    submit([submit, more = (op.variant & 4) != 0] {
      if (more) submit([] {});
    });
  }
  if (other->Shutdown(PoolClock::time_point::max())) return;
  round_.judge().Fail("check-failed",
                      "a shutdown without a deadline did not succeed");
}

void Run(ScenarioContext& context) {
  std::vector<uint8_t> bytes;
  size_t used = 0;
  if (!FromHex(context.input, &bytes)) {
    return context.judge.Fail("check-failed",
                              "the input of a program is hexadecimal");
  }
  const Program program = DecodeProgram(bytes.data(), bytes.size(), &used);
  Round round(context);
  const int workers = round.pool().Parallelism();
  const Op* const end = program.ops.data() + program.ops.size();
  const auto ends_phase = [](const Op& op) {
    return op.kind == OpKind::kDrain && op.actor == Actor::kMain;
  };
  std::atomic<bool> crowd_came{false};
  const Op* first = program.ops.data();
  while (first != end) {
    const Op* const last = std::find_if(first, end, ends_phase);
    Phase(context, round, first, last, workers, crowd_came).Run();
    // Whoever resized last, from now on it is as at the beginning.
    if (std::any_of(first, last, Resizes) &&
        round.pool().AsResizable() != nullptr) {
      round.pool().AsResizable()->Resize(workers);
    }
    first = last == end ? end : last + 1;
  }
  round.End();
}

[[maybe_unused]] const bool kRegistered = stress::RegisterScenario({
    .name = "program",
    .promise = "whatever a program of operations does, no task is lost and no "
               "worker sleeps on work",
    .missing = [](Pool&) { return std::string(); },
    .run = Run,
    .tune = [](stress::ScenarioKnobs&) {},
});

}  // namespace
}  // namespace reveille::fuzz

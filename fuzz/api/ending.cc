// The end of a scheduler, in one of several ways.
#include <chrono>
#include <thread>
#include <utility>

#include "fuzz/api/world.h"

namespace reveille::fuzz {
namespace {

// What should take a millisecond is lost after so long.
constexpr auto kPatience = std::chrono::seconds(45);

}  // namespace

void World::Drain() {
  Promise(scheduler_->Drain(Clock::now() + kPatience).ok(),
          "all tasks end where none waits without a deadline");
}

void World::DrainInTask() {
  const absl::Status spawned = scheduler_->Spawn([this] {
    Promise(scheduler_->Drain().code() == absl::StatusCode::kFailedPrecondition,
            "Drain() refuses to wait for its own task");
  });
  Promise(spawned.ok(), "a scheduler that runs takes a task");
  ledger_.accepted.fetch_add(1);
}

void World::ShutDown(Deadline deadline) {
  if (deadline != kNoDeadline) cut_off_.store(true);
  const auto report = scheduler_->Shutdown(deadline);
  ledger_.CheckReport(report, deadline == kNoDeadline);
  const auto again = scheduler_->Shutdown();
  Promise(again.finished == report.finished && again.dropped == report.dropped,
          "a second shutdown reports the same");
  cut_off_.store(report.dropped != 0);
  CheckRefusals();
}

// Of a scheduler that has shut down.
void World::CheckRefusals() {
  Scheduler& s = *scheduler_;
  const auto refused = absl::StatusCode::kFailedPrecondition;
  const auto body = [held = InLedger(&ledger_)] {};
  Promise(s.Spawn(body).code() == refused, "after the end no task is taken");
  Promise(s.SpawnJoinable(body).status().code() == refused,
          "after the end no task is taken, with a handle either");
  Batch batch(&s);
  batch.Add(body);
  batch.Add([]() -> Task<> { co_return; });
  Promise(batch.Spawn().code() == refused, "after the end no batch is taken");
  Promise(batch.size() == 0, "a batch that was refused is empty");
  Promise(!timers_[0].Reset(Clock::now()), "after the end no timer is pending");
  Promise(s.SetMaxProcs(2).ok() && s.Drain().ok(),
          "after the end there is nothing to wait for");
  s.ReleaseMemory();
}

void World::End() {
  // It was counted since the beginning, so that somebody may wait for it.
  group_.Done();
  const Deadline now = Clock::now();
  switch (script_.ending) {
    case Ending::kDrainInTask:
      DrainInTask();
      [[fallthrough]];
    case Ending::kDrain:
      Drain();
      [[fallthrough]];
    case Ending::kShutdown:
      ShutDown(kNoDeadline);
      break;
    case Ending::kDestroy:
      break;
    case Ending::kDrainTooShort:
      scheduler_->Drain(now).IgnoreError();
      [[fallthrough]];
    case Ending::kShutdownPast:
      ShutDown(now);
      break;
    case Ending::kShutdownSoon:
      ShutDown(now + std::chrono::microseconds(300));
      break;
    case Ending::kShutdownByTwo: {
      cut_off_.store(true);
      std::thread second([&] { scheduler_->Shutdown(now); });
      ShutDown(now);
      second.join();
      break;
    }
  }
  // In this order: who has woken our last task may still be on his way out.
  scheduler_.reset();
  elsewhere_.reset();
  timers_.clear();
  handles_.clear();
  ledger_.CheckNothingLeft();
  ledger_.CheckPermits(semaphores_[0].permits() + semaphores_[1].permits(),
                       cut_off_.load());
}

}  // namespace reveille::fuzz

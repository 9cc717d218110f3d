// What the test driver has to run: broken pools by name, and two scenarios that
// are as small as can be.
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "stress/pools/pool.h"
#include "stress/scenarios/scenario.h"
#include "stress/testing/broken_pool.h"

namespace reveille::stress {
namespace {

PoolFactory Make(Fault fault, bool white_box) {
  return
      [=](const PoolConfig& config) -> absl::StatusOr<std::unique_ptr<Pool>> {
        return std::make_unique<BrokenPool>(config.parallelism, fault,
                                            white_box);
      };
}

REVEILLE_POOL("sound", Make(Fault::kNone, true));
REVEILLE_POOL("sound_outside", Make(Fault::kNone, false));
REVEILLE_POOL("sleepy", Make(Fault::kSleepsWithoutLooking, true));
REVEILLE_POOL("short", Make(Fault::kOneWorkerTooFew, false));
REVEILLE_POOL("leaky", Make(Fault::kLeaksSearcher, true));
REVEILLE_POOL("lossy", Make(Fault::kLosesTask, false));
REVEILLE_POOL("double", Make(Fault::kRunsTwice, true));
REVEILLE_POOL("crashing", Make(Fault::kCrashes, true));
REVEILLE_POOL("undying", Make(Fault::kHangsInShutdown, true));
REVEILLE_POOL("unmakeable", [](const PoolConfig&) {
  return absl::StatusOr<std::unique_ptr<Pool>>(
      absl::ResourceExhaustedError("no threads left"));
});

void SubmitOne(ScenarioContext& c, std::atomic<int>* meeting) {
  Judge* judge = &c.judge;
  const uint32_t task = judge->Submitted();
  const int members = c.knobs.procs;
  c.pool.Submit([judge, task, meeting, members] {
    judge->Started(task);
    if (meeting != nullptr) {
      meeting->fetch_add(1);
      while (meeting->load() < members) std::this_thread::yield();
    }
    judge->Finished(task);
  });
}

// Bursts of random size; the pool runs dry after each.
void RunBursts(ScenarioContext& c) {
  const auto max_burst = static_cast<uint64_t>(c.knobs.max_batch);
  for (int sent = 0; sent < c.knobs.tasks && !c.stop.load();) {
    const auto burst = static_cast<int>(1 + c.rng() % max_burst);
    for (int i = 0; i < burst; ++i) SubmitOne(c, nullptr);
    sent += burst;
    c.judge.AwaitAllFinished();
  }
  c.judge.CheckAllOnce();
}

// As many tasks as workers, and none ends before all have begun.
void RunMeeting(ScenarioContext& c) {
  std::atomic<int> meeting{0};
  for (int i = 0; i < c.knobs.procs; ++i) SubmitOne(c, &meeting);
  c.judge.AwaitAllFinished();
  c.judge.CheckAllOnce();
}

// Never ends, and computes all the while: nothing that a judge could hold
// against a pool.
void RunForever(ScenarioContext&) {
  for (std::atomic<int> i{0};; ++i) {
  }
}

std::string NothingMissing(Pool&) { return ""; }

const bool bursts_registered = RegisterScenario(
    {"tiny-bursts", "All of a burst runs", NothingMissing, RunBursts, {}});
const bool meeting_registered = RegisterScenario(
    {"tiny-meeting", "All workers meet", NothingMissing, RunMeeting, {}});
const bool spin_registered =
    RegisterScenario({"tiny-spin", "Nothing", NothingMissing, RunForever, {}});
const bool endless_registered =
    RegisterScenario({"tiny-endless",
                      "Needs what no pool has",
                      [](Pool&) { return "eternity"; },
                      RunForever,
                      {}});

}  // namespace
}  // namespace reveille::stress

// Each judge is shown a bug that it must catch, in a pool that is right but for
// that bug.
//
// A bug that costs or doubles a task is a failure at the end of the round. One
// that makes the round hang cannot be judged from inside; there the test checks
// that the hang is one and that it shows what the watchdog needs: counts that
// stand still, with a task that waits or is armed.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "stress/scenarios/broken_pools.h"
#include "stress/scenarios/scenario_runner.h"

namespace reveille::stress {
namespace {

using Verdicts = std::set<std::string>;

const ScenarioKnobs kSmall = {.tasks = 200, .max_batch = 16};

template <typename Bug>
std::unique_ptr<Pool> Make(int parallelism) {
  return std::make_unique<Planted<Bug>>(parallelism);
}

template <typename Bug>
Verdicts RunBroken(const std::string& scenario, int most_rounds = 100) {
  ScenarioRunner runner(scenario, kSmall, Make<Bug>);
  return runner.RunUntilFailure(most_rounds);
}

TEST(PlantedBugTest, DroppedTaskIsLost) {
  for (const char* scenario : {"burst", "mix"}) {
    EXPECT_TRUE(RunBroken<DropsATask>(scenario).contains("lost-task"))
        << scenario;
  }
}

TEST(PlantedBugTest, TaskRunTwiceIsADoubleRun) {
  for (const char* scenario : {"burst", "rendezvous", "mix"}) {
    EXPECT_TRUE(RunBroken<RunsATaskTwice>(scenario).contains("double-run"))
        << scenario;
  }
}

TEST(PlantedBugTest, TaskRunThoughRefusedIsReported) {
  EXPECT_FALSE(RunBroken<RefusesATaskAndRunsIt>("burst").empty());
}

TEST(PlantedBugTest, LeakedCounterIsCounterDrift) {
  EXPECT_EQ(RunBroken<LeaksACounter>("burst"), Verdicts{"counter-drift"});
}

TEST(PlantedBugTest, EarlyTimerIsReported) {
  EXPECT_EQ(RunBroken<FiresTimersEarly>("timers"), Verdicts{"check-failed"});
}

TEST(PlantedBugTest, TimerThatFiresAfterItWasStoppedIsADoubleRun) {
  EXPECT_TRUE(RunBroken<FiresStoppedTimers>("timers").contains("double-run"));
}

TEST(PlantedBugTest, EventWithoutACauseIsReported) {
  for (const char* scenario : {"netpoll", "alarm"}) {
    EXPECT_TRUE(RunBroken<InventsEvents>(scenario).contains("check-failed"))
        << scenario;
  }
}

TEST(PlantedBugTest, TaskOnASpoiltThreadIsReported) {
  EXPECT_TRUE(RunBroken<KeepsSpoiltThreads>("pdrop").contains("check-failed"));
}

TEST(PlantedBugTest, OneWorkerTooManyIsReported) {
  EXPECT_TRUE(RunBroken<HasTooManyWorkers>("resize").contains("check-failed"));
}

TEST(PlantedBugTest, IdleWorkBeforeNormalWorkIsReported) {
  EXPECT_TRUE(
      RunBroken<RunsIdleWorkFirst>("idlework").contains("check-failed"));
}

TEST(PlantedBugTest, IdleWorkBeyondItsLimitIsReported) {
  EXPECT_TRUE(
      RunBroken<IgnoresTheIdleLimit>("idlework").contains("check-failed"));
}

TEST(PlantedBugTest, TaskLeftUndoneByAShutdownIsLost) {
  EXPECT_TRUE(RunBroken<ShutsDownTooSoon>("shutdown").contains("lost-task"));
}

TEST(PlantedBugTest, TaskAcceptedAfterTheShutdownIsReported) {
  EXPECT_TRUE(
      RunBroken<AcceptsAfterShutdown>("shutdown").contains("check-failed"));
}

TEST(PlantedBugTest, ChildRefusedDuringTheShutdownIsReported) {
  EXPECT_TRUE(RunBroken<RefusesChildrenInShutdown>("shutdown")
                  .contains("check-failed"));
}

struct Counts {
  uint64_t submitted, armed, started, finished;
  bool operator==(const Counts&) const = default;
};

Counts CountsOf(const Judge& judge) {
  return {judge.submitted(), judge.armed(), judge.started(), judge.finished()};
}

// Rounds in the background until one hangs.
class Hang {
 public:
  Hang(const std::string& scenario, const ScenarioKnobs& knobs,
       MakePool make_pool)
      : runner_(scenario, knobs, std::move(make_pool)) {
    thread_ = std::thread([this] {
      for (uint64_t seed = 1; !mended_.load(); ++seed) runner_.RunRound(seed);
      ended_.store(true);
    });
  }

  Judge& judge() { return runner_.judge(); }

  // Until nothing has moved over many looks. The threads that could move have
  // had a long time; the test would fail only for a machine that stands still.
  void AwaitStandstill() {
    constexpr int kLooks = 150;
    Counts last = CountsOf(judge());
    for (int look = 0; look < kLooks; ++look) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      const Counts now = CountsOf(judge());
      if (now != last) look = 0;
      last = now;
    }
  }
  // The round goes on and ends, and no more rounds follow.
  void Mend() {
    EXPECT_FALSE(ended_.load());
    mended_.store(true);
    static_cast<BrokenPool&>(runner_.pool()).Mend();
    thread_.join();
    EXPECT_FALSE(judge().failed());
  }

 private:
  ScenarioRunner runner_;
  std::atomic<bool> mended_{false};
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

TEST(PlantedHangTest, ForgottenTaskWaitsWithNobodyRunning) {
  Hang hang("burst", kSmall, Make<ForgetsATask>);
  hang.AwaitStandstill();
  EXPECT_EQ(hang.judge().waiting(), 1u);
  EXPECT_EQ(hang.judge().running(), 0u);
  hang.Mend();
}

TEST(PlantedHangTest, MissingWorkerStopsTheRendezvous) {
  ScenarioKnobs knobs = kSmall;
  knobs.procs = 3;
  Hang hang("rendezvous", knobs, Make<HasTooFewWorkers>);
  hang.AwaitStandstill();
  EXPECT_GE(hang.judge().waiting(), 1u);
  EXPECT_EQ(hang.judge().running(), 2u);
  hang.Mend();
}

TEST(PlantedHangTest, MissingWorkerStopsTheHandoff) {
  Hang hang("handoff", kSmall, Make<HasTooFewWorkers>);
  hang.AwaitStandstill();
  EXPECT_GE(hang.judge().waiting(), 1u);
  EXPECT_EQ(hang.judge().running(), 1u);
  hang.Mend();
}

TEST(PlantedHangTest, YieldWithoutAWakeStopsThePair) {
  Hang hang("yield", kSmall, Make<YieldsWithoutAWake>);
  hang.AwaitStandstill();
  // The yielded task counts as running, for it has begun.
  EXPECT_GE(hang.judge().running(), 1u);
  hang.Mend();
}

TEST(PlantedHangTest, ForgottenTimersStayArmed) {
  Hang hang("timers", kSmall, Make<ForgetsTimers>);
  hang.AwaitStandstill();
  EXPECT_GE(hang.judge().armed(), 1u);
  EXPECT_EQ(hang.judge().waiting(), 0u);
  hang.Mend();
}

TEST(PlantedHangTest, ForgottenTimerLeavesTheAlarmArmed) {
  Hang hang("alarm", kSmall, Make<ForgetsTimers>);
  hang.AwaitStandstill();
  // The timer and the wait that it was to end.
  EXPECT_GE(hang.judge().armed(), 2u);
  EXPECT_EQ(hang.judge().waiting(), 0u);
  hang.Mend();
}

TEST(PlantedHangTest, LostEventLeavesItsTaskWaiting) {
  Hang hang("netpoll", kSmall, Make<LosesAnEvent>);
  hang.AwaitStandstill();
  EXPECT_EQ(hang.judge().waiting(), 1u);
  hang.Mend();
}

TEST(PlantedHangTest, PlaceThatIsNotLentStopsTheGate) {
  Hang hang("pdrop", kSmall, Make<KeepsPlaces>);
  hang.AwaitStandstill();
  EXPECT_GE(hang.judge().waiting(), 1u);
  EXPECT_EQ(hang.judge().running(), 2u);
  hang.Mend();
}

TEST(PlantedHangTest, PlaceThatIsNotLentStopsTheChild) {
  Hang hang("lend", kSmall, Make<KeepsPlaces>);
  hang.AwaitStandstill();
  EXPECT_GE(hang.judge().waiting(), 1u);
  EXPECT_EQ(hang.judge().running(), 2u);
  hang.Mend();
}

}  // namespace
}  // namespace reveille::stress

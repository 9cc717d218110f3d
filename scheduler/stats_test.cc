#include "reveille/stats.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <string>

#include "scheduler/testing.h"

namespace reveille {
namespace {

using testing::Await;
using testing::Start;
using testing::Unrescued;

Stats TwoByTwo() {
  Stats stats;
  stats.procs = 2;
  stats.ps.resize(2);
  stats.ps[1].id = 1;
  stats.ms.resize(2);
  stats.ms[0].state = stats.ms[1].state = MState::kParked;
  for (PStats& p : stats.ps) p.on_idle_list = true;
  return stats;
}

using Change = void (*)(Stats*);
using NamedChange = testing::Named<Change>;

TEST(RunnableTest, CountsEveryQueueOnce) {
  Stats stats = TwoByTwo();
  EXPECT_EQ(stats.Runnable(), 0u);
  stats.global_queue = 3;
  stats.ps[0].queue = 1;
  stats.ps[1].queue = 2;
  EXPECT_EQ(stats.Runnable(), 6u);
}

TEST(RunnableTest, CountsIdleWorkAsFarAsItsLimitLeavesRoom) {
  Stats stats = TwoByTwo();
  stats.idle_queue = 5;
  stats.idle_limit = 2;
  EXPECT_EQ(stats.Runnable(), 2u);
  stats.idle_running = 1;
  EXPECT_EQ(stats.Runnable(), 1u);
  stats.idle_running = 3;  // The limit was lowered.
  EXPECT_EQ(stats.Runnable(), 0u);
}

TEST(InTransitionTest, IsZeroWhenAllSleepOrRun) {
  Stats stats = TwoByTwo();
  stats.ms[0].state = MState::kRunning;
  EXPECT_EQ(stats.InTransition(), 0);
  for (MState state : {MState::kPolling, MState::kParked, MState::kBlocking,
                       MState::kParkedLocked, MState::kExited}) {
    stats.ms[1].state = state;
    EXPECT_EQ(stats.InTransition(), 0) << ToString(state);
  }
}

// Who may be about to find what is runnable: nothing can be held against a
// scheduler meanwhile.
class InTransitionPlantedTest : public ::testing::TestWithParam<NamedChange> {};
INSTANTIATE_TEST_SUITE_P(
    EachWay, InTransitionPlantedTest,
    ::testing::Values(
        NamedChange{"AnMThatStarts",
                    [](Stats* s) { s->ms[1].state = MState::kStarting; }},
        NamedChange{"AnMThatSearches",
                    [](Stats* s) { s->ms[1].state = MState::kSearching; }},
        // Has published, and not yet decided whom to wake.
        NamedChange{"AnMThatHandsOn",
                    [](Stats* s) {
                      s->ms[0].state = MState::kRunning;
                      s->ms[0].handing_on = true;
                    }},
        // A P in limbo: idle, and in somebody's hands.
        NamedChange{"APInLimbo",
                    [](Stats* s) { s->ps[0].on_idle_list = false; }}),
    testing::kByName);

TEST_P(InTransitionPlantedTest, IsCounted) {
  Stats stats = TwoByTwo();
  EXPECT_EQ(stats.InTransition(), 0);
  GetParam().value(&stats);
  EXPECT_GE(stats.InTransition(), 1);
}

// --- The double collect must see every step
// --------------------------------------

// Changes that a judge must not mistake for standing still.
class SameStepsPlantedTest : public ::testing::TestWithParam<NamedChange> {};
INSTANTIATE_TEST_SUITE_P(
    EachStep, SameStepsPlantedTest,
    ::testing::Values(
        NamedChange{"Ticks", [](Stats* s) { s->ps[1].ticks = 1; }},
        NamedChange{"BlockTicks", [](Stats* s) { s->ps[1].block_ticks = 1; }},
        NamedChange{"Changes", [](Stats* s) { s->ps[0].changes = 1; }},
        NamedChange{"Queue", [](Stats* s) { s->ps[0].queue = 1; }},
        NamedChange{"Steps", [](Stats* s) { s->ms[1].steps = 1; }},
        NamedChange{"HandingOn", [](Stats* s) { s->ms[0].handing_on = true; }},
        NamedChange{"Events", [](Stats* s) { s->events = 1; }},
        NamedChange{"Spawned", [](Stats* s) { s->spawned = 1; }},
        NamedChange{"Finished", [](Stats* s) { s->finished = 1; }},
        NamedChange{"AnotherP", [](Stats* s) { s->ps.emplace_back(); }},
        NamedChange{"AnotherM", [](Stats* s) { s->ms.emplace_back(); }}),
    testing::kByName);

TEST_P(SameStepsPlantedTest, IsSeenByTheDoubleCollect) {
  const Stats before = TwoByTwo();
  Stats after = TwoByTwo();
  EXPECT_TRUE(Stats::SameSteps(before, after));
  GetParam().value(&after);
  EXPECT_FALSE(Stats::SameSteps(before, after));
}

TEST(SameStepsTest, TimePassingIsNoStep) {
  const Stats before = TwoByTwo();
  Stats after = TwoByTwo();
  after.time_ns = 12345;
  EXPECT_TRUE(Stats::SameSteps(before, after));
}

// --- The line
// ----------------------------------------------------------------------

TEST(ToTraceTest, IsTheSeedsOneLineWithNeedspinning) {
  Stats stats = TwoByTwo();
  stats.time_ns = 5'000'000;
  stats.npidle = 1;
  stats.threads = 4;
  stats.nmspinning = 2;
  stats.needspinning = true;
  stats.idle_threads = 3;
  stats.global_queue = 9;
  stats.ps[0].queue = 7;
  EXPECT_EQ(stats.ToTrace(3'000'000, false),
            "SCHED 2ms: gomaxprocs=2 idleprocs=1 threads=4 spinningthreads=2 "
            "needspinning=1 idlethreads=3 runqueue=9 [7 0]");
}

TEST(ToTraceTest, TheDetailedFormHasALineForEachPAndM) {
  const std::string trace = TwoByTwo().ToTrace(0, true);
  for (const char* part :
       {"needspinning=0", "\n  P0: status=idle", "\n  P1: status=idle",
        "\n  M0: state=parked", "gcwaiting=0", "schedtick=0"}) {
    EXPECT_NE(trace.find(part), std::string::npos) << part << " in " << trace;
  }
}

TEST(ToStringTest, EveryStateHasAName) {
  std::set<std::string> names;
  for (int i = 0; i <= static_cast<int>(PStatus::kDead); ++i) {
    names.insert(ToString(static_cast<PStatus>(i)));
  }
  EXPECT_EQ(names.size(), size_t{static_cast<int>(PStatus::kDead) + 1});
  names.clear();
  for (int i = 0; i <= static_cast<int>(MState::kExited); ++i) {
    names.insert(ToString(static_cast<MState>(i)));
  }
  EXPECT_EQ(names.size(), size_t{static_cast<int>(MState::kExited) + 1});
  EXPECT_EQ(names.count("?"), 0u);
}

// --- Of a scheduler
// ----------------------------------------------------------------

// Two snapshots with nobody at work in between.
Stats Quiet(Scheduler* s) {
  for (;;) {
    const Stats first = s->GetStats();
    Stats second = s->GetStats();
    if (second.InTransition() == 0 && Stats::SameSteps(first, second)) {
      return second;
    }
    std::this_thread::yield();
  }
}

TEST(SchedulerStatsTest, AnIdleSchedulerHasAllPsOnTheListAndNobodySearching) {
  auto s = Start(Unrescued(3));
  ASSERT_TRUE(s->Spawn([] {}).ok());
  ASSERT_TRUE(s->Drain().ok());
  const Stats stats = Quiet(s.get());
  EXPECT_EQ(stats.procs, 3);
  EXPECT_EQ(stats.npidle, 3);
  EXPECT_EQ(stats.nmspinning, 0);
  EXPECT_FALSE(stats.needspinning);
  EXPECT_EQ(stats.Runnable(), 0u);
  EXPECT_EQ(stats.spawned, 1u);
  EXPECT_EQ(stats.finished, 1u);
  EXPECT_GE(stats.wakes, 1u);
  for (const PStats& p : stats.ps) {
    EXPECT_EQ(p.status, PStatus::kIdle);
    EXPECT_TRUE(p.on_idle_list);
    EXPECT_EQ(p.m, -1);
  }
}

TEST(SchedulerStatsTest, ARunningTaskIsSeenWithItsPAndM) {
  auto s = Start(Unrescued(2));
  std::atomic<bool> running{false};
  std::atomic<bool> release{false};
  ASSERT_TRUE(s->Spawn([&] {
                 running.store(true);
                 Await([&] { return release.load(); });
               }).ok());
  Await([&] { return running.load(); });
  const Stats stats = Quiet(s.get());
  EXPECT_EQ(stats.npidle, 1);
  int bound = 0;
  for (const PStats& p : stats.ps) {
    if (p.status != PStatus::kRunning) continue;
    ++bound;
    ASSERT_GE(p.m, 0);
    EXPECT_EQ(stats.ms[static_cast<size_t>(p.m)].p, p.id);
    EXPECT_EQ(stats.ms[static_cast<size_t>(p.m)].state, MState::kRunning);
    EXPECT_NE(stats.ms[static_cast<size_t>(p.m)].tid, 0);
  }
  EXPECT_EQ(bound, 1);
  release.store(true);
  EXPECT_TRUE(s->Drain().ok());
}

TEST(SchedulerStatsTest, QueuedTasksBehindARunningOneAreRunnable) {
  auto s = Start(Unrescued(1));
  std::atomic<bool> running{false};
  std::atomic<bool> release{false};
  ASSERT_TRUE(s->Spawn([&] {
                 for (int i = 0; i < 10; ++i) EXPECT_TRUE(s->Spawn([] {}).ok());
                 running.store(true);
                 Await([&] { return release.load(); });
               }).ok());
  Await([&] { return running.load(); });
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(s->Spawn([] {}).ok());
  const Stats stats = Quiet(s.get());
  EXPECT_EQ(stats.Runnable(), 15u);
  EXPECT_EQ(stats.global_queue, 5u);
  EXPECT_EQ(stats.ps[0].queue, 10u);
  release.store(true);
  EXPECT_TRUE(s->Drain().ok());
}

TEST(SchedulerStatsTest, WaitersOnDescriptorsAndTheirPollerAreSeen) {
  auto s = Start(Unrescued(2));
  testing::SocketPair pair;
  ASSERT_TRUE(s->Spawn([&]() -> Task<> {
                 (void)co_await WaitReadable(pair.near());
               }).ok());
  Await([&] { return s->GetStats().poller; });
  EXPECT_EQ(s->GetStats().netpoll_waiters, 1u);
  pair.WriteFar();
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_EQ(Quiet(s.get()).netpoll_waiters, 0u);
}

TEST(SchedulerStatsTest, ATimersTimeIsSeen) {
  auto s = Start(Unrescued(1));
  Timer timer(s.get(), [] {});
  const Deadline when = Clock::now() + std::chrono::hours(1);
  timer.Reset(when);
  EXPECT_EQ(s->GetStats().outside_next_timer_ns,
            std::chrono::nanoseconds(when.time_since_epoch()).count());
}

TEST(SchedulerStatsTest, MayBeReadWhileEverythingMoves) {
  auto s = Start(testing::Rescued(2));
  std::atomic<bool> done{false};
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(s->Spawn([&]() -> Task<> {
                   while (!done.load()) {
                     EXPECT_TRUE(s->Spawn([] {}).ok());
                     co_await Yield();
                   }
                 }).ok());
  }
  for (int i = 0; i < testing::Rounds(2000); ++i) {
    const Stats stats = s->GetStats();
    ASSERT_GE(stats.npidle, 0);
    ASSERT_LE(stats.npidle, 2);
    ASSERT_GE(stats.nmspinning, 0);
    ASSERT_FALSE(s->SchedTrace(i % 2 == 0).empty());
    if (i % 100 == 0) {
      ASSERT_TRUE(s->SetMaxProcs(1 + i / 100 % 2).ok());
    }
  }
  done.store(true);
  EXPECT_TRUE(s->Drain().ok());
}

}  // namespace
}  // namespace reveille

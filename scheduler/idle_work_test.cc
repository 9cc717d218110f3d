// Idle-priority tasks: they run on Ps that would otherwise be idle, at most
// idle_work_limit of them at a time, and delay normal work by at most one task.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "scheduler/testing.h"

namespace reveille {
namespace {

using testing::Await;
using testing::Start;
using testing::Unrescued;

constexpr TaskOptions kIdle{.idle_priority = true};

Options Limited(int procs, int limit) {
  Options options = Unrescued(procs);
  options.idle_work_limit = limit;
  return options;
}

TEST(IdleWorkTest, RunsWhenThereIsNothingElse) {
  auto s = Start(Limited(2, 1));
  std::atomic<int> ran{0};
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(s->Spawn([&] { ran.fetch_add(1); }, kIdle).ok());
  }
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_EQ(ran.load(), 100);
  EXPECT_EQ(s->GetStats().idle_running, 0u);
}

TEST(IdleWorkTest, NoMoreAtATimeThanTheLimit) {
  auto s = Start(Limited(4, 2));
  std::atomic<int> running{0};
  std::atomic<int> most{0};
  for (int i = 0; i < testing::Rounds(400); ++i) {
    ASSERT_TRUE(s->Spawn(
                     [&] {
                       const int now = running.fetch_add(1) + 1;
                       int seen = most.load();
                       while (now > seen &&
                              !most.compare_exchange_weak(seen, now)) {
                       }
                       for (int j = 0; j < 20; ++j) std::this_thread::yield();
                       running.fetch_sub(1);
                     },
                     kIdle)
                    .ok());
  }
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_LE(most.load(), 2);
}

// A rendezvous of as many as the limit: one that is not started is a hang.
TEST(IdleWorkTest, AsManyAtATimeAsTheLimit) {
  auto s = Start(Limited(3, 3));
  std::atomic<int> arrived{0};
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(s->Spawn(
                     [&] {
                       arrived.fetch_add(1);
                       Await([&] { return arrived.load() == 3; });
                     },
                     kIdle)
                    .ok());
  }
  EXPECT_TRUE(s->Drain().ok());
}

TEST(IdleWorkTest, TheDefaultLimitIsAQuarterOfThePsAtLeastOne) {
  EXPECT_EQ(Start(Unrescued(1))->GetStats().idle_limit, 1u);
  EXPECT_EQ(Start(Unrescued(4))->GetStats().idle_limit, 1u);
  auto s = Start(Unrescued(8));
  EXPECT_EQ(s->GetStats().idle_limit, 2u);
  ASSERT_TRUE(s->SetMaxProcs(16).ok());
  EXPECT_EQ(s->GetStats().idle_limit, 4u);
}

TEST(IdleWorkTest, AGivenLimitSurvivesAChangeOfThePs) {
  auto s = Start(Limited(2, 3));
  ASSERT_TRUE(s->SetMaxProcs(16).ok());
  EXPECT_EQ(s->GetStats().idle_limit, 3u);
}

// One P, idle work and normal work queued behind a task: the normal work runs
// first, except for one idle task at most.
TEST(IdleWorkTest, DelaysNormalWorkByAtMostOneTask) {
  for (int round = 0; round < testing::Rounds(100); ++round) {
    auto s = Start(Limited(1, 1));
    std::atomic<bool> running{false};
    std::atomic<bool> release{false};
    std::vector<bool> order;  // True: idle-priority.
    ASSERT_TRUE(s->Spawn([&] {
                   running.store(true);
                   Await([&] { return release.load(); });
                 }).ok());
    Await([&] { return running.load(); });
    for (int i = 0; i < 5; ++i) {
      ASSERT_TRUE(s->Spawn([&] { order.push_back(true); }, kIdle).ok());
      ASSERT_TRUE(s->Spawn([&] { order.push_back(false); }).ok());
    }
    release.store(true);
    ASSERT_TRUE(s->Drain().ok());
    ASSERT_EQ(order.size(), 10u);
    const auto last_normal =
        order.rend() - std::find(order.rbegin(), order.rend(), false);
    const auto idle_before =
        std::count(order.begin(), order.begin() + last_normal, true);
    ASSERT_LE(idle_before, 1);
  }
}

TEST(IdleWorkTest, NormalWorkThatKeepsComingIsNotDelayedByAQueueOfIdleWork) {
  auto s = Start(Limited(1, 1));
  std::atomic<int> idle_ran{0};
  std::atomic<int> chain{0};
  const int n = 200;
  std::atomic<bool> filled{false};
  ASSERT_TRUE(s->Spawn([&]() -> Task<> {
                 Await([&] { return filled.load(); });
                 for (int i = 0; i < n; ++i) {
                   chain.fetch_add(1);
                   co_await Yield();
                 }
                 EXPECT_LE(idle_ran.load(), 1);
               }).ok());
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(s->Spawn([&] { idle_ran.fetch_add(1); }, kIdle).ok());
  }
  filled.store(true);
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_EQ(idle_ran.load(), 50);
}

TEST(IdleWorkTest, OneThatWaitsLeavesItsPlaceToAnother) {
  auto s = Start(Limited(1, 1));
  Event event;
  std::atomic<bool> second_ran{false};
  for (bool closure : {false, true}) {
    second_ran.store(false);
    event.Reset();
    if (closure) {
      ASSERT_TRUE(s->Spawn([&] { (void)event.Wait().Block(); }, kIdle).ok());
    } else {
      ASSERT_TRUE(
          s->Spawn([&]() -> Task<> { (void)co_await event.Wait(); }, kIdle)
              .ok());
    }
    ASSERT_TRUE(s->Spawn([&] { second_ran.store(true); }, kIdle).ok());
    Await([&] { return second_ran.load(); });
    event.Set();
    ASSERT_TRUE(s->Drain().ok());
  }
  EXPECT_EQ(s->GetStats().idle_running, 0u);
}

TEST(IdleWorkTest, OneThatYieldsGivesWayToNormalWork) {
  auto s = Start(Limited(1, 1));
  for (bool closure : {false, true}) {
    std::atomic<bool> stop{false};
    std::atomic<bool> running{false};
    if (closure) {
      ASSERT_TRUE(s->Spawn(
                       [&] {
                         running.store(true);
                         while (!stop.load()) Yield().Block();
                       },
                       kIdle)
                      .ok());
    } else {
      ASSERT_TRUE(s->Spawn(
                       [&]() -> Task<> {
                         running.store(true);
                         while (!stop.load()) co_await Yield();
                       },
                       kIdle)
                      .ok());
    }
    Await([&] { return running.load(); });
    ASSERT_TRUE(s->Spawn([&] { stop.store(true); }).ok());
    ASSERT_TRUE(s->Drain().ok());
  }
}

TEST(IdleWorkTest, MayBlockSleepAndWaitForDescriptors) {
  auto s = Start(Limited(2, 1));
  testing::SocketPair pair;
  std::atomic<int> ended{0};
  ASSERT_TRUE(s->Spawn(
                   [&]() -> Task<> {
                     (void)co_await WaitReadable(pair.near());
                     co_await SleepFor(std::chrono::microseconds(100));
                     ended.fetch_add(1);
                   },
                   kIdle)
                  .ok());
  ASSERT_TRUE(s->Spawn(
                   [&] {
                     {
                       BlockingSection blocking;
                     }
                     (void)SleepFor(std::chrono::microseconds(100)).Block();
                     pair.WriteFar();
                     ended.fetch_add(1);
                   },
                   kIdle)
                  .ok());
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_EQ(ended.load(), 2);
  EXPECT_EQ(s->GetStats().idle_running, 0u);
}

// Promise: no idle-priority task is lost or run twice, whatever the normal work
// does meanwhile, with the limit far below the Ps. Judged by the counts, and by
// the number that run returning to zero.
TEST(IdleWorkTest, MixedWithNormalWorkNoneIsLost) {
  auto s = Start(Limited(4, 1));
  const int n = testing::Rounds(20'000);
  std::vector<std::atomic<int>> runs(static_cast<size_t>(n));
  const auto spawn = [&](int from) {
    for (int i = from; i < n; i += 2) {
      auto& run = runs[static_cast<size_t>(i)];
      ASSERT_TRUE(
          s->Spawn([&run] { run.fetch_add(1); }, {.idle_priority = i % 3 == 0})
              .ok());
    }
  };
  ASSERT_TRUE(s->Spawn([&] { spawn(0); }).ok());
  spawn(1);
  EXPECT_TRUE(s->Drain().ok());
  for (const auto& run : runs) ASSERT_EQ(run.load(), 1);
  EXPECT_EQ(s->GetStats().idle_running, 0u);
  EXPECT_EQ(s->GetStats().idle_queue, 0u);
}

}  // namespace
}  // namespace reveille

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <tuple>

#include "reveille/blocking_section.h"
#include "scheduler/testing.h"

namespace reveille {
namespace {

using std::chrono::milliseconds;
using testing::Await;
using testing::Start;
using Expect = BlockingSection::Expect;

TEST(BlockingSectionTest, OutsideOfATaskItDoesNothing) {
  BlockingSection outer;
  BlockingSection inner(Expect::kLong);
}

// For both kinds of section, with and without sysmon's retake.
class BlockingTest : public ::testing::TestWithParam<std::tuple<Expect, bool>> {
 protected:
  Expect expect() const { return std::get<0>(GetParam()); }
  Options WithProcs(int procs) const {
    Options options = testing::Unrescued(procs);
    options.sysmon_retake = std::get<1>(GetParam());
    return options;
  }
};

INSTANTIATE_TEST_SUITE_P(
    All, BlockingTest,
    ::testing::Combine(::testing::Values(Expect::kShort, Expect::kLong),
                       ::testing::Bool()),
    [](const auto& tested) {
      return std::string(std::get<0>(tested.param) == Expect::kShort ? "Short"
                                                                     : "Long") +
             (std::get<1>(tested.param) ? "WithRetake" : "WithoutRetake");
    });

// One P: what is queued behind a blocked task runs meanwhile, or never.
TEST_P(BlockingTest, WhatIsQueuedBehindItRunsMeanwhile) {
  auto s = Start(WithProcs(1));
  std::atomic<bool> ran{false};
  ASSERT_TRUE(s->Spawn([&] {
                 EXPECT_TRUE(s->Spawn([&] { ran.store(true); }).ok());
                 BlockingSection blocking(expect());
                 Await([&] { return ran.load(); });
               }).ok());
  EXPECT_TRUE(s->Drain().ok());
}

TEST_P(BlockingTest, WhatComesFromOutsideMeanwhileRunsMeanwhile) {
  auto s = Start(WithProcs(1));
  std::atomic<bool> blocked{false};
  std::atomic<bool> ran{false};
  ASSERT_TRUE(s->Spawn([&] {
                 BlockingSection blocking(expect());
                 blocked.store(true);
                 Await([&] { return ran.load(); });
               }).ok());
  Await([&] { return blocked.load(); });
  ASSERT_TRUE(s->Spawn([&] { ran.store(true); }).ok());
  EXPECT_TRUE(s->Drain().ok());
}

TEST_P(BlockingTest, ATimerOfTheBlockedPFiresMeanwhile) {
  auto s = Start(WithProcs(1));
  std::atomic<bool> fired{false};
  Timer timer(s.get(), [&] { fired.store(true); });
  ASSERT_TRUE(s->Spawn([&] {
                 timer.Reset(Clock::now() + milliseconds(1));
                 BlockingSection blocking(expect());
                 Await([&] { return fired.load(); });
               }).ok());
  EXPECT_TRUE(s->Drain().ok());
}

TEST_P(BlockingTest, ADescriptorIsServedMeanwhile) {
  auto s = Start(WithProcs(1));
  testing::SocketPair pair;
  std::atomic<bool> woken{false};
  ASSERT_TRUE(s->Spawn([&]() -> Task<> {
                 (void)co_await WaitReadable(pair.near());
                 woken.store(true);
               }).ok());
  Await([&] { return s->GetStats().netpoll_waiters == 1; });
  ASSERT_TRUE(s->Spawn([&] {
                 BlockingSection blocking(expect());
                 pair.WriteFar();
                 Await([&] { return woken.load(); });
               }).ok());
  EXPECT_TRUE(s->Drain().ok());
}

TEST_P(BlockingTest, TheTaskGoesOnOnItsOwnThread) {
  auto s = Start(WithProcs(2));
  std::atomic<int> moved{0};
  for (int i = 0; i < testing::Rounds(2000); ++i) {
    ASSERT_TRUE(s->Spawn([&] {
                   const auto before = std::this_thread::get_id();
                   {
                     BlockingSection blocking(expect());
                   }
                   if (std::this_thread::get_id() != before) moved.fetch_add(1);
                 }).ok());
  }
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_EQ(moved.load(), 0);
}

TEST_P(BlockingTest, NestedTheOutermostCounts) {
  auto s = Start(WithProcs(1));
  std::atomic<bool> ran{false};
  ASSERT_TRUE(s->Spawn([&] {
                 EXPECT_TRUE(s->Spawn([&] { ran.store(true); }).ok());
                 BlockingSection outer(expect());
                 {
                   BlockingSection inner(Expect::kLong);
                 }
                 Await([&] { return ran.load(); });  // Still inside.
               }).ok());
  EXPECT_TRUE(s->Drain().ok());
}

TEST_P(BlockingTest, AfterwardsTheTaskMaySpawnAndWaitAsBefore) {
  auto s = Start(WithProcs(1));
  std::atomic<bool> child{false};
  ASSERT_TRUE(s->Spawn([&] {
                 {
                   BlockingSection blocking(expect());
                 }
                 EXPECT_TRUE(s->Spawn([&] { child.store(true); }).ok());
                 EXPECT_EQ(SleepFor(milliseconds(1)).Block(), Wake::kTimedOut);
               }).ok());
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_TRUE(child.load());
}

// The P is gone when the task comes back: it waits on its own thread until
// somebody hands it one.
TEST_P(BlockingTest, ATaskThatComesBackWithoutAPGetsOneInTheEnd) {
  auto s = Start(WithProcs(1));
  std::atomic<bool> taken{false};
  std::atomic<bool> back{false};
  std::atomic<bool> release{false};
  ASSERT_TRUE(s->Spawn([&] {
                 EXPECT_TRUE(s->Spawn([&] {
                                taken.store(true);
                                Await([&] { return release.load(); });
                              }).ok());
                 {
                   BlockingSection blocking(expect());
                   Await([&] { return taken.load(); });
                 }
                 back.store(true);
               }).ok());
  Await([&] { return s->GetStats().locked_idle_threads == 1; });
  EXPECT_FALSE(back.load());
  release.store(true);
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_TRUE(back.load());
}

TEST_P(BlockingTest, ASectionIsASafePoint) {
  auto s = Start(WithProcs(2));
  std::atomic<int> blocked{0};
  std::atomic<bool> release{false};
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(s->Spawn([&] {
                   BlockingSection blocking(expect());
                   blocked.fetch_add(1);
                   Await([&] { return release.load(); });
                 }).ok());
  }
  Await([&] { return blocked.load() == 2; });
  EXPECT_TRUE(s->SetMaxProcs(3).ok());
  EXPECT_TRUE(s->SetMaxProcs(1).ok());
  s->ReleaseMemory();
  release.store(true);
  EXPECT_TRUE(s->Drain().ok());
}

// Promise: however short sections and the retake of their Ps meet, no task is
// lost and no P is owned twice (the invariants I4 and I5 are checked inside).
// Judged by the count, and at the end by all Ps being idle.
TEST_P(BlockingTest, ManySectionsAgainstARetakingSysmonLoseNothing) {
  auto s = Start(WithProcs(2));
  std::atomic<int> ran{0};
  const int n = testing::Rounds(4000);
  for (int i = 0; i < n; ++i) {
    ASSERT_TRUE(s->Spawn([&, i] {
                   BlockingSection blocking(expect());
                   for (int j = 0; j < i % 7; ++j) std::this_thread::yield();
                   ran.fetch_add(1);
                 }).ok());
  }
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_EQ(ran.load(), n);
  Await([&] { return s->GetStats().npidle == 2; });
}

TEST_P(BlockingTest, MoreSectionsAtOnceThanPs) {
  auto s = Start(WithProcs(2));
  constexpr int kTasks = 16;
  std::atomic<int> inside{0};
  for (int i = 0; i < kTasks; ++i) {
    ASSERT_TRUE(s->Spawn([&] {
                   BlockingSection blocking(expect());
                   inside.fetch_add(1);
                   Await([&] { return inside.load() == kTasks; });
                 }).ok());
  }
  EXPECT_TRUE(s->Drain().ok());
}

TEST(BlockingRetakeTest, RetakesAreCounted) {
  auto s = Start(testing::Rescued(1));
  std::atomic<bool> ran{false};
  ASSERT_TRUE(s->Spawn([&] {
                 EXPECT_TRUE(s->Spawn([&] { ran.store(true); }).ok());
                 BlockingSection blocking(Expect::kShort);
                 Await([&] { return ran.load(); });
               }).ok());
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_GE(s->GetStats().retakes, 1u);
}

TEST(BlockingRetakeTest, WithoutRetakeEverySectionHandsItsPOn) {
  auto s = Start(testing::Unrescued(1));
  ASSERT_TRUE(s->Spawn([&] {
                 const uint64_t before = s->GetStats().handoffs;
                 {
                   BlockingSection blocking(Expect::kShort);
                 }
                 EXPECT_EQ(s->GetStats().handoffs, before + 1);
               }).ok());
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_EQ(s->GetStats().retakes, 0u);
}

}  // namespace
}  // namespace reveille

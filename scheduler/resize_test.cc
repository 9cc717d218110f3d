// SetMaxProcs() and ReleaseMemory(): what stops the world, or asks every P.
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "scheduler/testing.h"

namespace reveille {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using testing::Await;
using testing::Rescued;
using testing::Start;
using testing::Unrescued;

// As many tasks as Ps, none of which ends before all have begun.
void Rendezvous(Scheduler* s, int n) {
  std::atomic<int> arrived{0};
  for (int i = 0; i < n; ++i) {
    ASSERT_TRUE(s->Spawn([&] {
                   arrived.fetch_add(1);
                   Await([&] { return arrived.load() == n; });
                 }).ok());
  }
  ASSERT_TRUE(s->Drain().ok());
}

class ResizeRefusedTest : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(OutOfRange, ResizeRefusedTest,
                         ::testing::Values(-1, 0, Options::kMaxProcs + 1));

TEST_P(ResizeRefusedTest, NamesTheRangeAndChangesNothing) {
  auto s = Start(Unrescued(2));
  const absl::Status status = s->SetMaxProcs(GetParam());
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("expected 1.."), std::string::npos);
  EXPECT_EQ(s->procs(), 2);
}

TEST(ResizeTest, GrowsAndShrinksAnIdleScheduler) {
  auto s = Start(Unrescued(1));
  for (int procs : {4, 1, 3, 3, 64, 2}) {
    ASSERT_TRUE(s->SetMaxProcs(procs).ok());
    EXPECT_EQ(s->procs(), procs);
    EXPECT_EQ(s->GetStats().ps.size(), static_cast<size_t>(procs));
    Rendezvous(s.get(), std::min(procs, 8));
  }
}

TEST(ResizeTest, UpToTheMostPs) {
  auto s = Start(Unrescued(1));
  EXPECT_TRUE(s->SetMaxProcs(Options::kMaxProcs).ok());
  EXPECT_TRUE(s->SetMaxProcs(1).ok());
  ASSERT_TRUE(s->Spawn([] {}).ok());
  EXPECT_TRUE(s->Drain().ok());
}

TEST(ResizeTest, QueuedTasksOfARetiredPRun) {
  auto s = Start(Unrescued(2));
  std::atomic<int> ran{0};
  std::atomic<int> filled{0};
  std::atomic<bool> release{false};
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(s->Spawn([&] {
                   for (int j = 0; j < 100; ++j) {
                     EXPECT_TRUE(s->Spawn([&] { ran.fetch_add(1); }).ok());
                   }
                   filled.fetch_add(1);
                   Await([&] { return release.load(); });
                 }).ok());
  }
  Await([&] { return filled.load() == 2; });
  std::thread resizer([&] { EXPECT_TRUE(s->SetMaxProcs(1).ok()); });
  Await([&] { return s->GetStats().stopping_world; });
  release.store(true);
  resizer.join();
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_EQ(ran.load(), 200);
}

TEST(ResizeTest, TimersOfARetiredPFire) {
  auto s = Start(Unrescued(4));
  std::atomic<int> fired{0};
  std::atomic<int> arrived{0};
  std::vector<std::unique_ptr<Timer>> timers;
  for (int i = 0; i < 4; ++i) {
    timers.push_back(
        std::make_unique<Timer>(s.get(), [&] { fired.fetch_add(1); }));
    Timer* timer = timers.back().get();
    // All four at once: each timer is set on a P of its own.
    ASSERT_TRUE(s->Spawn([&, timer] {
                   timer->Reset(Clock::now() + milliseconds(20));
                   arrived.fetch_add(1);
                   Await([&] { return arrived.load() == 4; });
                 }).ok());
  }
  ASSERT_TRUE(s->Drain().ok());
  ASSERT_TRUE(s->SetMaxProcs(1).ok());
  Await([&] { return fired.load() == 4; });
}

TEST(ResizeTest, FromATask) {
  auto s = Start(Unrescued(2));
  ASSERT_TRUE(s->Spawn([&] {
                 EXPECT_TRUE(s->SetMaxProcs(4).ok());
                 EXPECT_TRUE(s->SetMaxProcs(1).ok());
               }).ok());
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_EQ(s->procs(), 1);
}

TEST(ResizeTest, FromManyThreadsAndTasksAtOnce) {
  auto s = Start(Unrescued(2));
  const int rounds = testing::Rounds(100);
  std::vector<std::thread> threads;
  const auto resize = [&](int salt) {
    for (int i = 0; i < rounds; ++i) {
      ASSERT_TRUE(s->SetMaxProcs(1 + (i + salt) % 5).ok());
    }
  };
  for (int t = 0; t < 2; ++t) threads.emplace_back(resize, t);
  for (int t = 0; t < 2; ++t)
    ASSERT_TRUE(s->Spawn([&, t] { resize(t + 2); }).ok());
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(s->Drain().ok());
}

TEST(ResizeTest, ALongTaskThatAsksWhetherToYieldLetsTheWorldStop) {
  auto s = Start(Unrescued(1));
  std::atomic<bool> running{false};
  std::atomic<bool> done{false};
  ASSERT_TRUE(s->Spawn([&] {
                 running.store(true);
                 while (!done.load()) {
                   if (PreemptRequested()) Yield().Block();
                 }
               }).ok());
  Await([&] { return running.load(); });
  EXPECT_TRUE(s->SetMaxProcs(2).ok());
  EXPECT_TRUE(s->SetMaxProcs(1).ok());
  s->ReleaseMemory();
  done.store(true);
  EXPECT_TRUE(s->Drain().ok());
}

// Promise: SetMaxProcs() at any time under load of every kind loses no task and
// stops no sleeper, and afterwards all Ps are of use. Judged by the counts and
// by a rendezvous of as many tasks as Ps.
void ChurnUnderLoad(const Options& options) {
  auto s = Start(options);
  std::atomic<bool> done{false};
  std::atomic<int64_t> begun{0};
  std::atomic<int64_t> ended{0};
  testing::SocketPair pair;
  const auto count = [&] { ended.fetch_add(1); };
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(s->Spawn([&]() -> Task<> {
                   while (!done.load()) {
                     begun.fetch_add(1);
                     EXPECT_TRUE(s->Spawn(count).ok());
                     co_await Yield();
                     if (begun.load() % 16 == 0) {
                       co_await SleepFor(microseconds(50));
                     }
                   }
                 }).ok());
  }
  ASSERT_TRUE(s->Spawn([&]() -> Task<> {
                 while (!done.load()) {
                   (void)co_await WaitReadable(pair.near());
                   pair.ReadNear();
                   pair.WriteFar();
                 }
               }).ok());
  ASSERT_TRUE(s->Spawn([&] {
                 while (!done.load()) {
                   BlockingSection blocking;
                   std::this_thread::yield();
                 }
               }).ok());
  pair.WriteFar();
  for (int i = 0; i < testing::Rounds(400); ++i) {
    ASSERT_TRUE(s->SetMaxProcs(1 + (i * 7) % 4).ok());
    if (i % 20 == 0) s->ReleaseMemory();
  }
  done.store(true);
  ASSERT_TRUE(s->Drain().ok());
  EXPECT_EQ(begun.load(), ended.load());
  ASSERT_TRUE(s->SetMaxProcs(4).ok());
  Rendezvous(s.get(), 4);
  Await([&] { return s->GetStats().netpoll_waiters == 0; });
}

TEST(ResizeStressTest, ChurnUnderLoadLosesNothingWithRescuers) {
  ChurnUnderLoad(Rescued(2));
}

TEST(ResizeStressTest, ChurnUnderLoadLosesNothingWithoutRescuers) {
  ChurnUnderLoad(Unrescued(2));
}

// --- ReleaseMemory
// ---------------------------------------------------------------

TEST(ReleaseMemoryTest, OfAnIdleSchedulerLeavesItUsable) {
  auto s = Start(Unrescued(2));
  for (int round = 0; round < 3; ++round) {
    std::atomic<int> ran{0};
    for (int i = 0; i < 5000; ++i) {
      ASSERT_TRUE(s->Spawn([&] { ran.fetch_add(1); }).ok());
    }
    ASSERT_TRUE(s->Drain().ok());
    s->ReleaseMemory();
    ASSERT_EQ(ran.load(), 5000);
  }
}

TEST(ReleaseMemoryTest, LeavesTasksThatWaitAlone) {
  auto s = Start(Unrescued(2));
  Event event;
  std::atomic<int> woken{0};
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(s->Spawn([&, i]() -> Task<> {
                   if (i % 3 == 0) {
                     (void)co_await event.Wait();
                     woken.fetch_add(1);
                   }
                 }).ok());
  }
  Await([&] { return s->GetStats().finished == 1000 - 334; });
  s->ReleaseMemory();
  s->ReleaseMemory();
  event.Set();
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_EQ(woken.load(), 334);
}

TEST(ReleaseMemoryTest, WhileTasksComeAndGoAndFromATask) {
  auto s = Start(Unrescued(2));
  std::atomic<bool> done{false};
  std::atomic<int64_t> spawned{0};
  std::atomic<int64_t> ran{0};
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(s->Spawn([&]() -> Task<> {
                   while (!done.load()) {
                     for (int j = 0; j < 100; ++j) {
                       spawned.fetch_add(1);
                       EXPECT_TRUE(s->Spawn([&] { ran.fetch_add(1); }).ok());
                     }
                     co_await Yield();
                   }
                 }).ok());
  }
  for (int i = 0; i < testing::Rounds(200); ++i) s->ReleaseMemory();
  ASSERT_TRUE(s->Spawn([&] { s->ReleaseMemory(); }).ok());
  done.store(true);
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_EQ(spawned.load(), ran.load());
}

}  // namespace
}  // namespace reveille

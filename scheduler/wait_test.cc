#include "reveille/wait.h"

#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "scheduler/testing.h"

namespace reveille {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using testing::Await;
using testing::SocketPair;
using testing::Start;
using testing::Unrescued;

class WaitTest : public ::testing::Test {
 protected:
  // Runs it as a closure or as a coroutine to its end.
  template <typename F>
  void Run(F f) {
    ASSERT_TRUE(s_->Spawn(std::move(f)).ok());
    ASSERT_TRUE(s_->Drain().ok());
  }
  std::unique_ptr<Scheduler> s_ = Start(Unrescued(2));
};

// --- Sleep
// ---------------------------------------------------------------------------

TEST_F(WaitTest, SleepLastsAtLeastAsLongAsAsked) {
  Run([&]() -> Task<> {
    const Deadline until = Clock::now() + milliseconds(3);
    EXPECT_EQ(co_await SleepUntil(until), Wake::kTimedOut);
    EXPECT_GE(Clock::now(), until);
  });
  Run([&] {
    const Deadline until = Clock::now() + milliseconds(3);
    EXPECT_EQ(SleepUntil(until).Block(), Wake::kTimedOut);
    EXPECT_GE(Clock::now(), until);
  });
}

TEST_F(WaitTest, SleepOutsideOfATaskSleeps) {
  const Deadline until = Clock::now() + milliseconds(3);
  EXPECT_EQ(SleepUntil(until).Block(), Wake::kTimedOut);
  EXPECT_GE(Clock::now(), until);
}

TEST_F(WaitTest, SleepUntilThePastReturnsAtOnce) {
  EXPECT_EQ(SleepUntil(Deadline::min()).Block(), Wake::kTimedOut);
  EXPECT_EQ(SleepFor(milliseconds(-5)).Block(), Wake::kTimedOut);
  Run([&]() -> Task<> {
    EXPECT_EQ(co_await SleepUntil(Deadline()), Wake::kTimedOut);
    EXPECT_EQ(co_await SleepFor(hours(-1)), Wake::kTimedOut);
  });
}

TEST_F(WaitTest, SleepersWakeInTheOrderOfTheirDeadlines) {
  auto s = Start(Unrescued(1));
  std::vector<int> order;
  std::atomic<int> asleep{0};
  const Deadline base = Clock::now() + milliseconds(300);
  for (int i : {3, 1, 4, 0, 2}) {
    ASSERT_TRUE(s->Spawn([&, i]() -> Task<> {
                   asleep.fetch_add(1);
                   co_await SleepUntil(base + milliseconds(i));
                   order.push_back(i);
                 }).ok());
  }
  Await([&] { return asleep.load() == 5; });
  ASSERT_LT(Clock::now(), base) << "too slow: they did not sleep all at once";
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST_F(WaitTest, ASleepWithoutEndIsEndedByCancel) {
  for (bool closure : {false, true}) {
    Wake wake = Wake::kReady;
    std::atomic<bool> asleep{false};
    auto job =
        closure ? s_->SpawnJoinable([&] {
          asleep.store(true);
          wake = SleepUntil(kNoDeadline).Block();
        })
                : s_->SpawnJoinable([&]() -> Task<> {
                    asleep.store(true);
                    wake = co_await SleepFor(std::chrono::nanoseconds::max());
                  });
    ASSERT_TRUE(job.ok());
    Await([&] { return asleep.load(); });
    job->Cancel();
    (void)job->Join().Block();
    EXPECT_EQ(wake, Wake::kCancelled);
  }
}

TEST_F(WaitTest, ManySleepersAllWake) {
  std::atomic<int> woken{0};
  const int n = testing::Rounds(10'000);
  for (int i = 0; i < n; ++i) {
    ASSERT_TRUE(s_->Spawn([&, i]() -> Task<> {
                    co_await SleepFor(microseconds(i % 2000));
                    woken.fetch_add(1);
                  }).ok());
  }
  EXPECT_TRUE(s_->Drain().ok());
  EXPECT_EQ(woken.load(), n);
}

// I11: with every P busy in tasks that yield, a sleeper is not forgotten.
TEST_F(WaitTest, ASleeperWakesBesideAClosureThatOnlyYields) {
  auto s = Start(Unrescued(1));
  std::atomic<bool> woken{false};
  ASSERT_TRUE(s->Spawn([&]() -> Task<> {
                 co_await SleepFor(milliseconds(1));
                 woken.store(true);
               }).ok());
  ASSERT_TRUE(s->Spawn([&] {
                 while (!woken.load()) Yield().Block();
               }).ok());
  EXPECT_TRUE(s->Drain().ok());
}

TEST_F(WaitTest, ADescriptorIsServedBesideAClosureThatOnlyYields) {
  auto s = Start(Unrescued(1));
  SocketPair pair;
  std::atomic<bool> woken{false};
  ASSERT_TRUE(s->Spawn([&]() -> Task<> {
                 EXPECT_EQ(co_await WaitReadable(pair.near()), Wake::kReady);
                 woken.store(true);
               }).ok());
  Await([&] { return s->GetStats().netpoll_waiters == 1; });
  ASSERT_TRUE(s->Spawn([&] {
                 pair.WriteFar();
                 while (!woken.load()) Yield().Block();
               }).ok());
  EXPECT_TRUE(s->Drain().ok());
}

TEST_F(WaitTest, BothAreServedBesideACoroutineThatOnlyYields) {
  auto s = Start(Unrescued(1));
  SocketPair pair;
  std::atomic<int> woken{0};
  ASSERT_TRUE(s->Spawn([&]() -> Task<> {
                 (void)co_await WaitReadable(pair.near());
                 woken.fetch_add(1);
               }).ok());
  ASSERT_TRUE(s->Spawn([&]() -> Task<> {
                 co_await SleepFor(milliseconds(1));
                 woken.fetch_add(1);
               }).ok());
  ASSERT_TRUE(s->Spawn([&]() -> Task<> {
                 pair.WriteFar();
                 while (woken.load() != 2) co_await Yield();
               }).ok());
  EXPECT_TRUE(s->Drain().ok());
}

// --- Descriptors
// -----------------------------------------------------------------------

TEST_F(WaitTest, ReadableWhenDataIsThereAlready) {
  SocketPair pair;
  pair.WriteFar();
  Run([&]() -> Task<> {
    EXPECT_EQ(co_await WaitReadable(pair.near()), Wake::kReady);
  });
  Run([&] { EXPECT_EQ(WaitReadable(pair.near()).Block(), Wake::kReady); });
}

TEST_F(WaitTest, ReadableWhenDataComesLater) {
  SocketPair pair;
  std::atomic<int> woken{0};
  ASSERT_TRUE(s_->Spawn([&]() -> Task<> {
                  EXPECT_EQ(co_await WaitReadable(pair.near()), Wake::kReady);
                  woken.fetch_add(1);
                }).ok());
  Await([&] { return s_->GetStats().poller; });
  EXPECT_EQ(woken.load(), 0);
  pair.WriteFar();
  EXPECT_TRUE(s_->Drain().ok());
  EXPECT_EQ(woken.load(), 1);
}

TEST_F(WaitTest, WritableWhenThereIsRoomAgain) {
  SocketPair pair;
  pair.FillNear();
  ASSERT_TRUE(s_->Spawn([&]() -> Task<> {
                  EXPECT_EQ(co_await WaitWritable(pair.near()), Wake::kReady);
                }).ok());
  Await([&] { return s_->GetStats().poller; });
  pair.EmptyFar();
  EXPECT_TRUE(s_->Drain().ok());
}

TEST_F(WaitTest, ReaderAndWriterOfOneDescriptorWaitSideBySide) {
  SocketPair pair;
  pair.FillNear();
  std::atomic<int> order{0};
  ASSERT_TRUE(s_->Spawn([&]() -> Task<> {
                  EXPECT_EQ(co_await WaitReadable(pair.near()), Wake::kReady);
                  EXPECT_EQ(order.fetch_add(1), 0);
                  pair.EmptyFar();
                }).ok());
  ASSERT_TRUE(s_->Spawn([&]() -> Task<> {
                  EXPECT_EQ(co_await WaitWritable(pair.near()), Wake::kReady);
                  EXPECT_EQ(order.fetch_add(1), 1);
                }).ok());
  Await([&] { return s_->GetStats().netpoll_waiters == 2; });
  pair.WriteFar();
  EXPECT_TRUE(s_->Drain().ok());
}

TEST_F(WaitTest, ASecondWaiterForADirectionIsBusy) {
  SocketPair pair;
  ASSERT_TRUE(s_->Spawn([&]() -> Task<> {
                  EXPECT_EQ(co_await WaitReadable(pair.near()), Wake::kReady);
                }).ok());
  Await([&] { return s_->GetStats().netpoll_waiters == 1; });
  Wake second = Wake::kReady;
  ASSERT_TRUE(s_->Spawn([&]() -> Task<> {
                  second = co_await WaitReadable(pair.near());
                  pair.WriteFar();
                }).ok());
  EXPECT_TRUE(s_->Drain().ok());
  EXPECT_EQ(second, Wake::kBusy);
}

TEST_F(WaitTest, OutsideOfATaskADescriptorCannotBeWaitedFor) {
  SocketPair pair;
  FdOperation wait = WaitReadable(pair.near());
  EXPECT_EQ(wait.Block(), Wake::kFailed);
  EXPECT_EQ(wait.error(), EINVAL);
}

TEST_F(WaitTest, WhatCannotBeWaitedForSaysWhy) {
  Run([&]() -> Task<> {
    FdOperation bad = WaitReadable(-1);
    EXPECT_EQ(co_await bad, Wake::kFailed);
    EXPECT_EQ(bad.error(), EBADF);
    const int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    FdOperation regular = WaitReadable(file);
    EXPECT_EQ(co_await regular, Wake::kFailed);
    EXPECT_EQ(regular.error(), EPERM);
    close(file);
  });
}

TEST_F(WaitTest, CloseFdWakesItsWaitersWithClosed) {
  SocketPair pair;
  pair.FillNear();
  const int fd = pair.TakeNear();
  Wake reader = Wake::kReady;
  Wake writer = Wake::kReady;
  ASSERT_TRUE(
      s_->Spawn([&]() -> Task<> { reader = co_await WaitReadable(fd); }).ok());
  ASSERT_TRUE(s_->Spawn([&] { writer = WaitWritable(fd).Block(); }).ok());
  Await([&] { return s_->GetStats().netpoll_waiters == 2; });
  EXPECT_EQ(s_->CloseFd(fd), 0);
  EXPECT_TRUE(s_->Drain().ok());
  EXPECT_EQ(reader, Wake::kClosed);
  EXPECT_EQ(writer, Wake::kClosed);
  EXPECT_EQ(s_->CloseFd(fd), EBADF);
}

TEST_F(WaitTest, ADeadlineEndsAWaitForADescriptor) {
  SocketPair pair;
  Run([&]() -> Task<> {
    const Deadline until = Clock::now() + milliseconds(2);
    EXPECT_EQ(co_await WaitReadable(pair.near(), until), Wake::kTimedOut);
    EXPECT_GE(Clock::now(), until);
    // And leaves the descriptor free for the next.
    pair.WriteFar();
    EXPECT_EQ(co_await WaitReadable(pair.near()), Wake::kReady);
  });
  Await([&] { return s_->GetStats().netpoll_waiters == 0; });
}

TEST_F(WaitTest, CancelEndsAWaitForADescriptor) {
  SocketPair pair;
  Wake wake = Wake::kReady;
  auto job = s_->SpawnJoinable(
      [&]() -> Task<> { wake = co_await WaitReadable(pair.near()); });
  ASSERT_TRUE(job.ok());
  Await([&] { return s_->GetStats().netpoll_waiters == 1; });
  job->Cancel();
  (void)job->Join().Block();
  EXPECT_EQ(wake, Wake::kCancelled);
  Await([&] { return s_->GetStats().netpoll_waiters == 0; });
}

// Promise: readiness, the deadline and a cancellation race for a waiter, and
// exactly one of them wins; whoever lost leaves no trace: no waiter is counted,
// no timer is left, the next wait works. Judged after each round.
TEST_F(WaitTest, OneOfReadinessDeadlineAndCancelWins) {
  SocketPair pair;
  int wakes[3] = {};
  for (int round = 0; round < testing::Rounds(3000); ++round) {
    Wake wake = Wake::kFailed;
    std::atomic<bool> begun{false};
    const Deadline until = Clock::now() + microseconds(round % 100);
    auto job = s_->SpawnJoinable([&]() -> Task<> {
      begun.store(true);
      wake = co_await WaitReadable(pair.near(), until);
    });
    ASSERT_TRUE(job.ok());
    Await([&] { return begun.load(); });
    if (round % 3 != 0) pair.WriteFar();
    if (round % 3 != 1) job->Cancel();
    (void)job->Join().Block();
    if (round % 3 != 0) pair.ReadNear();
    ASSERT_TRUE(wake == Wake::kReady || wake == Wake::kTimedOut ||
                wake == Wake::kCancelled)
        << ToString(wake);
    ++wakes[static_cast<int>(wake)];
    ASSERT_TRUE(s_->Drain().ok());
    // The count is lowered after the task was made runnable, so a moment later.
    Await([&] { return s_->GetStats().netpoll_waiters == 0; });
    const Stats stats = s_->GetStats();
    for (const PStats& p : stats.ps) ASSERT_EQ(p.timers, 0u);
  }
  EXPECT_GT(wakes[0] + wakes[1] + wakes[2], 0);
}

// Promise: a descriptor may be closed by CloseFd() while tasks wait for it,
// begin to wait for it, or do so for its number's next owner; each wait ends.
// Judged by Drain(): a waiter that was forgotten is a hang.
TEST_F(WaitTest, CloseUnderWaitersThatComeAndGoForgetsNone) {
  std::atomic<int> ended{0};
  const int rounds = testing::Rounds(3000);
  for (int round = 0; round < rounds; ++round) {
    auto pair = std::make_shared<SocketPair>();
    const int fd = pair->TakeNear();
    ASSERT_TRUE(s_->Spawn([&, fd, pair]() -> Task<> {
                    const Wake wake = co_await WaitReadable(fd);
                    EXPECT_TRUE(wake == Wake::kClosed ||
                                wake == Wake::kFailed || wake == Wake::kReady)
                        << ToString(wake);
                    ended.fetch_add(1);
                  }).ok());
    if (round % 2 == 0) std::this_thread::yield();
    if (round % 3 == 0) pair->WriteFar();
    // Unless the task found the number closed, it is closed under it.
    ASSERT_EQ(s_->CloseFd(fd), 0);
    ASSERT_TRUE(s_->Drain().ok());
  }
  EXPECT_EQ(ended.load(), rounds);
}

// The promise that Go does not make: a descriptor that becomes ready while a P
// is idle is served without sysmon. Here every P is busy at first, the poller
// returns for another descriptor and its M runs a long task; then a P idles.
TEST_F(WaitTest, ReadyDescriptorsAreServedWhileAnyPIsIdle) {
  for (int round = 0; round < testing::Rounds(300); ++round) {
    SocketPair first;
    SocketPair second;
    std::atomic<bool> first_runs{false};
    std::atomic<bool> second_woke{false};
    ASSERT_TRUE(s_->Spawn([&]() -> Task<> {
                    (void)co_await WaitReadable(first.near());
                    first_runs.store(true);
                    Await([&] { return second_woke.load(); });
                  }).ok());
    ASSERT_TRUE(s_->Spawn([&]() -> Task<> {
                    (void)co_await WaitReadable(second.near());
                    second_woke.store(true);
                  }).ok());
    Await([&] { return s_->GetStats().netpoll_waiters == 2; });
    first.WriteFar();
    Await([&] { return first_runs.load(); });
    second.WriteFar();
    ASSERT_TRUE(s_->Drain().ok());
    Await([&] { return s_->GetStats().netpoll_waiters == 0; });
  }
}

// One poll that finds both an idle-priority task and a normal one, while the
// limit of idle-priority tasks is used up.
TEST_F(WaitTest, APollThatFindsIdlePriorityFirstServesTheNormalTaskToo) {
  Options options = Unrescued(2);
  options.idle_work_limit = 1;
  auto s = Start(options);
  for (int round = 0; round < testing::Rounds(50); ++round) {
    SocketPair low;
    SocketPair high;
    SocketPair away;
    std::atomic<int> woken{0};
    std::atomic<bool> filler_runs{false};
    std::atomic<bool> fell{false};
    const auto wait = [&](int fd) -> Task<> {
      (void)co_await WaitReadable(fd);
      woken.fetch_add(1);
    };
    ASSERT_TRUE(s->Spawn(wait(low.near()), {.idle_priority = true}).ok());
    ASSERT_TRUE(s->Spawn(wait(high.near())).ok());
    ASSERT_TRUE(s->Spawn(wait(away.near())).ok());
    Await([&] { return s->GetStats().netpoll_waiters == 3; });
    // Uses up the limit, and one P.
    ASSERT_TRUE(s->Spawn(
                     [&] {
                       filler_runs.store(true);
                       Await([&] { return fell.load(); });
                     },
                     {.idle_priority = true})
                    .ok());
    Await([&] { return filler_runs.load(); });
    // A P is idle, so somebody polls.
    Await([&] { return s->GetStats().poller; });
    // Takes that P, brings the poller back, and makes both ready while nobody
    // polls. An M that let its P go a while ago may take the role once more,
    // and keep it: hence the second half of the condition.
    ASSERT_TRUE(s->Spawn([&] {
                   away.WriteFar();
                   Await([&] {
                     const Stats stats = s->GetStats();
                     return !stats.poller || stats.netpoll_waiters == 2;
                   });
                   low.WriteFar();
                   high.WriteFar();
                 }).ok());
    Await([&] { return woken.load() >= 2; });  // All but the idle-priority one.
    fell.store(true);
    ASSERT_TRUE(s->Drain().ok());
    ASSERT_EQ(woken.load(), 3);
    // The count is lowered after the task was made runnable, so a moment later.
    Await([&] { return s->GetStats().netpoll_waiters == 0; });
  }
}

TEST_F(WaitTest, AWaitWithADeadlineInThePastLooksOnce) {
  Event unset;
  Event set(true);
  for (Deadline past : {Deadline::min(), Deadline(), Clock::now()}) {
    EXPECT_EQ(unset.Wait(past).Block(), Wake::kTimedOut);
    EXPECT_EQ(set.Wait(past).Block(), Wake::kReady);
    Run([&]() -> Task<> {
      EXPECT_EQ(co_await unset.Wait(past), Wake::kTimedOut);
      EXPECT_EQ(co_await set.Wait(past), Wake::kReady);
    });
  }
}

TEST(WakeTest, EveryReasonHasAName) {
  for (int i = 0; i <= static_cast<int>(Wake::kFailed); ++i) {
    EXPECT_STRNE(ToString(static_cast<Wake>(i)), "?");
  }
}

// --- Yield
// -------------------------------------------------------------------------------

// How many yields it takes until a task that is queued has run: one, or two on
// the tick at which the global queue, where a yield goes, has its turn.
TEST_F(WaitTest, YieldLetsTheOthersRunFirst) {
  auto s = Start(Unrescued(1));
  for (int round = 0; round < 200; ++round) {
    std::atomic<bool> ran{false};
    int yields = 0;
    ASSERT_TRUE(s->Spawn([&]() -> Task<> {
                   EXPECT_TRUE(s->Spawn([&] { ran.store(true); }).ok());
                   for (; !ran.load(); ++yields) co_await Yield();
                 }).ok());
    ASSERT_TRUE(s->Drain().ok());
    ASSERT_LE(yields, 2);
  }
}

TEST_F(WaitTest, YieldOfAClosureLetsTheOthersRunFirst) {
  auto s = Start(Unrescued(1));
  for (int round = 0; round < 200; ++round) {
    std::atomic<bool> ran{false};
    int yields = 0;
    ASSERT_TRUE(s->Spawn([&] {
                   EXPECT_TRUE(s->Spawn([&] { ran.store(true); }).ok());
                   for (; !ran.load(); ++yields) Yield().Block();
                 }).ok());
    ASSERT_TRUE(s->Drain().ok());
    ASSERT_LE(yields, 2);
  }
}

TEST_F(WaitTest, YieldOutsideAndInABlockingSectionIsHarmless) {
  Yield().Block();
  Run([&] {
    BlockingSection blocking;
    Yield().Block();
  });
}

// golang/go#55160: who yields must wake somebody for what it yields, and a
// yielder is not starved by the other.
TEST_F(WaitTest, TwoYieldersBothMakeProgress) {
  auto s = Start(Unrescued(1));
  std::atomic<int> turns[2] = {};
  const int n = testing::Rounds(2000);
  Batch both(s.get());
  for (int me = 0; me < 2; ++me) {
    both.Add([&, me]() -> Task<> {
      while (turns[me].load() < n) {
        turns[me].fetch_add(1);
        EXPECT_LE(turns[me].load() - turns[1 - me].load(), 130);
        co_await Yield();
      }
    });
  }
  ASSERT_TRUE(both.Spawn().ok());
  EXPECT_TRUE(s->Drain().ok());
}

TEST_F(WaitTest, PreemptIsNotRequestedOfAnybodyOutside) {
  EXPECT_FALSE(PreemptRequested());
}

TEST(PreemptTest, ALongTaskIsAskedToYieldAndAYieldAnswersIt) {
  auto s = Start(testing::Rescued(1));
  ASSERT_TRUE(s->Spawn([&] {
                 Await([] { return PreemptRequested(); });
                 Yield().Block();
                 EXPECT_FALSE(PreemptRequested());
               }).ok());
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_GE(s->GetStats().preempt_requests, 1u);
}

// --- Misuse is said
// ---------------------------------------------------------------------

void BlockInABlockingSection() {
  auto s = Start(Unrescued(1));
  (void)s->Spawn([] {
    BlockingSection blocking;
    (void)SleepFor(milliseconds(1)).Block();
  });
  (void)s->Drain();
}

TEST(WaitDeathTest, AWaitInsideABlockingSectionEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(BlockInABlockingSection(), "a wait inside a BlockingSection");
}

}  // namespace
}  // namespace reveille

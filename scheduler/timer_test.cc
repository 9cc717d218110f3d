// The public Timer: a callback at a time, which runs as a task of its own.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "scheduler/testing.h"

namespace reveille {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using testing::Await;
using testing::Start;
using testing::Unrescued;

class TimerTest : public ::testing::Test {
 protected:
  std::unique_ptr<Scheduler> s_ = Start(Unrescued(2));
  std::atomic<int> fired_{0};
};

TEST_F(TimerTest, FiresOnceAtItsTime) {
  Timer timer(s_.get(), [&] { fired_.fetch_add(1); });
  const Deadline when = Clock::now() + milliseconds(2);
  EXPECT_FALSE(timer.Reset(when));
  Await([&] { return fired_.load() == 1; });
  EXPECT_GE(Clock::now(), when);
  EXPECT_FALSE(timer.Stop());
  EXPECT_TRUE(s_->Drain().ok());
  EXPECT_EQ(fired_.load(), 1);
}

TEST_F(TimerTest, OfThePastFiresNow) {
  Timer timer(s_.get(), [&] { fired_.fetch_add(1); });
  for (Deadline past : {Deadline::min(), Deadline(), Clock::now()}) {
    fired_.store(0);
    timer.Reset(past);
    Await([&] { return fired_.load() == 1; });
  }
}

TEST_F(TimerTest, StoppedItDoesNotFire) {
  Timer timer(s_.get(), [] { ADD_FAILURE(); });
  timer.Reset(Clock::now() + hours(1));
  EXPECT_TRUE(timer.Stop());
  EXPECT_FALSE(timer.Stop());
}

TEST_F(TimerTest, DestroyedItDoesNotFire) {
  auto token = std::make_shared<int>(0);
  {
    Timer timer(s_.get(), [token] { ADD_FAILURE(); });
    timer.Reset(Clock::now() + hours(1));
  }
  EXPECT_EQ(token.use_count(), 1);
}

TEST_F(TimerTest, MovedAheadItFiresAtTheNewTime) {
  Timer timer(s_.get(), [&] { fired_.fetch_add(1); });
  timer.Reset(Clock::now() + hours(1));
  // An M sleeps for an hour now; it must hear of the new time.
  Await([&] { return s_->GetStats().poller; });
  EXPECT_TRUE(timer.Reset(Clock::now() + milliseconds(1)));
  Await([&] { return fired_.load() == 1; });
}

// Set and moved by a closure that holds the only P, so that it cannot fire in
// between.
TEST_F(TimerTest, MovedBackItFiresOnlyThen) {
  auto s = Start(Unrescued(1));
  Timer timer(s.get(), [&] { fired_.fetch_add(1); });
  Deadline later;
  ASSERT_TRUE(s->Spawn([&] {
                 timer.Reset(Clock::now());
                 later = Clock::now() + milliseconds(5);
                 EXPECT_TRUE(timer.Reset(later));
               }).ok());
  Await([&] { return fired_.load() >= 1; });
  EXPECT_GE(Clock::now(), later);
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_EQ(fired_.load(), 1);
}

TEST_F(TimerTest, MayBeSetAgainFromItsOwnCallback) {
  std::unique_ptr<Timer> timer;
  timer = std::make_unique<Timer>(s_.get(), [&] {
    if (fired_.fetch_add(1) < 4) timer->Reset(Clock::now() + microseconds(100));
  });
  timer->Reset(Clock::now());
  Await([&] { return fired_.load() == 5; });
}

TEST_F(TimerTest, MayBeDestroyedByItsOwnCallback) {
  auto* timer = new std::unique_ptr<Timer>;
  *timer = std::make_unique<Timer>(s_.get(), [&, timer] {
    delete timer;
    fired_.fetch_add(1);
  });
  (*timer)->Reset(Clock::now() + milliseconds(1));
  Await([&] { return fired_.load() == 1; });
  EXPECT_TRUE(s_->Drain().ok());
}

TEST_F(TimerTest, TheCallbackIsATaskAndMayWait) {
  Wake wake = Wake::kReady;
  std::string name;
  Timer timer(s_.get(), [&] {
    name = Scheduler::CurrentTaskName();
    wake = SleepFor(microseconds(100)).Block();
    fired_.fetch_add(1);
  });
  timer.Reset(Clock::now());
  Await([&] { return fired_.load() == 1; });
  EXPECT_EQ(wake, Wake::kTimedOut);
  EXPECT_EQ(name, "timer");
}

TEST_F(TimerTest, SetFromATaskItFiresAsWell) {
  Timer timer(s_.get(), [&] { fired_.fetch_add(1); });
  ASSERT_TRUE(
      s_->Spawn([&] { timer.Reset(Clock::now() + milliseconds(1)); }).ok());
  Await([&] { return fired_.load() == 1; });
}

TEST_F(TimerTest, SetInsideABlockingSectionItFiresAsWell) {
  Timer timer(s_.get(), [&] { fired_.fetch_add(1); });
  ASSERT_TRUE(s_->Spawn([&] {
                  BlockingSection blocking(BlockingSection::Expect::kLong);
                  timer.Reset(Clock::now() + milliseconds(1));
                  Await([&] { return fired_.load() == 1; });
                }).ok());
  EXPECT_TRUE(s_->Drain().ok());
}

// Set by a closure that holds the only P until all of them are due.
TEST_F(TimerTest, FireInTheOrderOfTheirTimes) {
  auto s = Start(Unrescued(1));
  std::vector<int> order;
  std::vector<std::unique_ptr<Timer>> timers;
  ASSERT_TRUE(s->Spawn([&] {
                 const Deadline base = Clock::now();
                 for (int i : {2, 0, 3, 1}) {
                   timers.push_back(std::make_unique<Timer>(s.get(), [&, i] {
                     order.push_back(i);
                     fired_.fetch_add(1);
                   }));
                   timers.back()->Reset(base + milliseconds(i));
                 }
                 Await([&] { return Clock::now() > base + milliseconds(3); });
               }).ok());
  Await([&] { return fired_.load() == 4; });
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3}));
}

// golang/go#44868 and its kin: a timer that is set on a P which then idles,
// with nobody awake but whoever sleeps in the poller for longer or without end.
TEST_F(TimerTest, IsNotForgottenWhenItsPIdles) {
  testing::SocketPair pair;
  ASSERT_TRUE(s_->Spawn([&]() -> Task<> {
                  (void)co_await WaitReadable(pair.near());
                }).ok());
  Await([&] { return s_->GetStats().poller; });
  for (int round = 0; round < testing::Rounds(300); ++round) {
    Timer timer(s_.get(), [&] { fired_.fetch_add(1); });
    auto setter = s_->SpawnJoinable(
        [&] { timer.Reset(Clock::now() + microseconds(round % 500)); });
    ASSERT_TRUE(setter.ok());
    Await([&] { return fired_.load() == round + 1; });
    (void)setter->Join().Block();  // The timer is destroyed after its Reset().
  }
  pair.WriteFar();
  EXPECT_TRUE(s_->Drain().ok());
}

// Promise: Reset, Stop, firing and destruction may meet in any way; the
// callback runs once for each Reset() that was not answered by a Stop() or
// moved. Judged by a count over all timers, and by the sanitizers.
TEST_F(TimerTest, ResetsAndStopsThatRaceWithTheFireAddUp) {
  std::atomic<int> armed{0};
  std::atomic<int> stopped{0};
  const int rounds = testing::Rounds(3000);
  const auto churn = [&](int salt) {
    for (int i = 0; i < rounds; ++i) {
      Timer timer(s_.get(), [&] { fired_.fetch_add(1); });
      timer.Reset(Clock::now() + microseconds((i + salt) % 20));
      armed.fetch_add(1);
      if (i % 2 == 0) std::this_thread::yield();
      if (!timer.Reset(Clock::now() + microseconds(i % 10))) armed.fetch_add(1);
      if (i % 3 == 0) std::this_thread::yield();
      if (timer.Stop()) stopped.fetch_add(1);
    }
  };
  std::thread outside(churn, 1);
  ASSERT_TRUE(s_->Spawn([&] { churn(2); }).ok());
  churn(3);
  outside.join();
  Await([&] { return fired_.load() + stopped.load() == armed.load(); });
  EXPECT_TRUE(s_->Drain().ok());
  EXPECT_EQ(fired_.load() + stopped.load(), armed.load());
}

TEST_F(TimerTest, ThousandsPendingAtOnceAllFire) {
  std::vector<std::unique_ptr<Timer>> timers;
  const int n = testing::Rounds(5000);
  for (int i = 0; i < n; ++i) {
    timers.push_back(
        std::make_unique<Timer>(s_.get(), [&] { fired_.fetch_add(1); }));
    timers.back()->Reset(Clock::now() + microseconds(i * 7919 % 5000));
  }
  Await([&] { return fired_.load() == n; });
}

}  // namespace
}  // namespace reveille

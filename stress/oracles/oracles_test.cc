#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "stress/oracles/concurrency_oracle.h"
#include "stress/oracles/deadline_oracle.h"
#include "stress/oracles/event_oracle.h"
#include "stress/oracles/idle_work_oracle.h"
#include "stress/oracles/quiescence.h"

namespace reveille::stress {
namespace {

using std::chrono::hours;
using Event = NetpollPool::Event;

PoolClock::time_point Past() { return PoolClock::now() - hours(1); }
PoolClock::time_point Future() { return PoolClock::now() + hours(1); }

std::string OnlyVerdict(const Judge& judge) {
  const std::vector<Failure> failures = judge.failures();
  return failures.size() == 1 ? failures[0].verdict
                              : std::to_string(failures.size()) + " failures";
}

class DeadlineOracleTest : public testing::Test {
 protected:
  void Set(PoolClock::time_point due, bool was_pending) {
    oracle_.Arming(due);
    oracle_.Armed(was_pending);
  }
  void Fire() {
    oracle_.Fired([] {});
  }
  void Check() {
    oracle_.Check();
    judge_.CheckAllOnce();
  }
  Judge judge_{16};
  DeadlineOracle oracle_{&judge_};
};

TEST_F(DeadlineOracleTest, FiringAfterItsMomentIsAccepted) {
  Set(Past(), false);
  Fire();
  Check();
  EXPECT_FALSE(judge_.failed());
}

TEST_F(DeadlineOracleTest, MovedTimerFiresOnce) {
  Set(Future(), false);
  Set(Past(), true);
  Fire();
  Check();
  EXPECT_FALSE(judge_.failed());
}

TEST_F(DeadlineOracleTest, TimerSetAgainAfterItFiredFiresTwice) {
  Set(Past(), false);
  Fire();
  Set(Past(), false);
  Fire();
  Check();
  EXPECT_FALSE(judge_.failed());
}

TEST_F(DeadlineOracleTest, StoppedTimerNeedNotFire) {
  Set(Future(), false);
  oracle_.Stopped(true);
  Check();
  EXPECT_FALSE(judge_.failed());
}

TEST_F(DeadlineOracleTest, BugFiringEarlyIsSeen) {
  Set(Future(), false);
  Fire();
  Check();
  EXPECT_EQ(OnlyVerdict(judge_), "check-failed");
}

TEST_F(DeadlineOracleTest, BugFiringAtTheOldTimeAfterAMoveIsSeen) {
  Set(Past(), false);
  Set(Future(), true);
  Fire();
  Check();
  EXPECT_EQ(OnlyVerdict(judge_), "check-failed");
}

TEST_F(DeadlineOracleTest, BugFiringAfterStopIsSeen) {
  Set(Past(), false);
  oracle_.Stopped(true);
  Fire();
  EXPECT_EQ(OnlyVerdict(judge_), "double-run");
}

TEST_F(DeadlineOracleTest, BugFiringTwiceIsSeen) {
  Set(Past(), false);
  Fire();
  Fire();
  EXPECT_EQ(OnlyVerdict(judge_), "double-run");
}

TEST_F(DeadlineOracleTest, BugPendingThoughNeverSetIsSeen) {
  oracle_.Arming(Past());
  oracle_.Armed(true);
  EXPECT_EQ(OnlyVerdict(judge_), "check-failed");
}

TEST_F(DeadlineOracleTest, BugPendingThoughItHasFiredIsSeen) {
  Set(Past(), false);
  Fire();
  Set(Past(), true);
  EXPECT_EQ(OnlyVerdict(judge_), "check-failed");
}

TEST_F(DeadlineOracleTest, BugStoppedTwiceIsSeenAndLeavesNothingArmed) {
  Set(Past(), false);
  Fire();
  oracle_.Stopped(true);
  EXPECT_EQ(OnlyVerdict(judge_), "check-failed");
  Set(Past(), false);
  Fire();
  EXPECT_EQ(judge_.armed(), 0u);
}

TEST(EventOracleTest, ReadyAfterItsCauseIsAccepted) {
  Judge judge(4);
  EventOracle oracle(&judge);
  oracle.WillBeReady(judge.Armed());
  EXPECT_TRUE(oracle.Accept(Event::kReady));
  EXPECT_EQ(judge.waiting(), 1u);
}

TEST(EventOracleTest, EachEndIsAcceptedWithItsCause) {
  Judge judge(4);
  EventOracle timed(&judge, Past());
  EXPECT_TRUE(timed.Accept(Event::kTimedOut));
  EventOracle closed(&judge);
  closed.WillBeClosed(judge.Armed());
  EXPECT_TRUE(closed.Accept(Event::kClosed));
  EventOracle contested(&judge);
  contested.IsContested();
  EXPECT_TRUE(contested.Accept(Event::kBusy));
  EXPECT_FALSE(judge.failed());
}

TEST(EventOracleTest, BugEventWithoutACauseIsSeen) {
  for (const Event event : {Event::kReady, Event::kTimedOut, Event::kClosed,
                            Event::kBusy, Event::kFailed}) {
    Judge judge(4);
    EventOracle oracle(&judge, Future());
    EXPECT_FALSE(oracle.Accept(event));
    EXPECT_EQ(OnlyVerdict(judge), "check-failed");
  }
}

TEST(EventOracleTest, BugTimeoutBeforeTheDeadlineThoughReadyIsALostEvent) {
  Judge judge(4);
  EventOracle oracle(&judge, Future());
  oracle.WillBeReady(judge.Armed());
  EXPECT_FALSE(oracle.Accept(Event::kTimedOut));
  EXPECT_EQ(OnlyVerdict(judge), "lost-event");
}

TEST(ConcurrencyOracleTest, AcceptsAsManyAsTheLimit) {
  Judge judge(1);
  ConcurrencyOracle oracle(&judge, "tasks", 2);
  oracle.Enter();
  oracle.Enter();
  oracle.Leave();
  oracle.Enter();
  EXPECT_FALSE(judge.failed());
}

TEST(ConcurrencyOracleTest, BugOneTooManyIsSeen) {
  Judge judge(1);
  ConcurrencyOracle oracle(&judge, "tasks", 1);
  oracle.Enter();
  oracle.Enter();
  EXPECT_EQ(OnlyVerdict(judge), "check-failed");
}

TEST(IdleWorkOracleTest, OneIdleTaskMayPrecedeNormalWork) {
  Judge judge(1);
  IdleWorkOracle oracle(&judge, 0);
  oracle.NormalQueued(2);
  oracle.IdleStarted();
  oracle.NormalStarted();
  oracle.IdleStarted();
  oracle.NormalStarted();
  EXPECT_FALSE(judge.failed());
}

TEST(IdleWorkOracleTest, IdleTasksRunFreelyWithoutABacklog) {
  Judge judge(1);
  IdleWorkOracle oracle(&judge, 1);
  oracle.NormalQueued(1);
  for (int i = 0; i < 3; ++i) oracle.IdleStarted();
  EXPECT_FALSE(judge.failed());
}

TEST(IdleWorkOracleTest, BugTwoIdleTasksBeforeNormalWorkAreSeen) {
  Judge judge(1);
  IdleWorkOracle oracle(&judge, 1);
  oracle.NormalQueued(2);
  oracle.IdleStarted();
  oracle.IdleStarted();
  EXPECT_EQ(OnlyVerdict(judge), "check-failed");
}

// A pool that runs nothing and says what its test tells it to say.
class TalkingPool : public Pool, public WhiteBoxPool {
 public:
  explicit TalkingPool(std::string drift) : drift_(std::move(drift)) {}
  bool Submit(PoolFn) override { return false; }
  int Parallelism() const override { return 1; }
  bool Shutdown(PoolClock::time_point) override { return true; }
  const WhiteBoxPool* AsWhiteBox() const override { return this; }
  PoolSnapshot Snapshot() const override { return {}; }
  std::vector<std::pair<std::string, double>> Counters() const override {
    return {};
  }
  std::string StateDump() const override { return ""; }
  std::string FlightRecord() const override { return ""; }
  std::string CheckQuiescent() const override { return drift_; }

 private:
  const std::string drift_;
};

TEST(QuiescenceTest, PoolAtRestIsAccepted) {
  Judge judge(1);
  CheckQuiescent(TalkingPool(""), &judge);
  EXPECT_FALSE(judge.failed());
}

TEST(QuiescenceTest, BugLeakedCounterIsSeen) {
  Judge judge(1);
  CheckQuiescent(TalkingPool("nmspinning is 1"), &judge);
  EXPECT_EQ(OnlyVerdict(judge), "counter-drift");
}

}  // namespace
}  // namespace reveille::stress

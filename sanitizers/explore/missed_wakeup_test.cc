// Which wakeup was missed, judged from steps made by hand.
#include "sanitizers/explore/missed_wakeup.h"

#include <gtest/gtest.h>

namespace reveille::explore {
namespace {

constexpr int kSleeper = 1;
constexpr int kWaker = 2;
constexpr int kOther = 3;
enum : uintptr_t { kWork = 0x1000, kIdle = 0x2000, kWord = 0x3000 };

class MissedWakeupTest : public testing::Test {
 protected:
  uint32_t Saw(int thread, uintptr_t object, uint64_t value) {
    Step& step = Add(thread, Kind::kLoad, object);
    step.effect = Effect::kSaw;
    step.before = value;
    return Last();
  }
  uint32_t Changed(int thread, uintptr_t object, uint64_t before,
                   uint64_t after) {
    Step& step = Add(thread, Kind::kReadModifyWrite, object);
    step.effect = Effect::kChanged;
    step.before = before;
    step.after = after;
    return Last();
  }
  uint32_t Waits(int thread, uintptr_t word, uint64_t value) {
    Step& step = Add(thread, Kind::kFutexWait, word);
    step.effect = Effect::kSaw;
    step.before = value;
    step.blocks = true;
    return Last();
  }
  uint32_t Wakes(int thread, uintptr_t word, int reached) {
    Step& step = Add(thread, Kind::kFutexWake, word);
    if (reached >= 0) step.reached = uint64_t{1} << reached;
    return Last();
  }
  MissedWakeup Explain() {
    const Links links(steps_);
    MissedWakeup missed;
    EXPECT_TRUE(ExplainMiss(steps_, links, static_cast<uint32_t>(steps_.size()),
                            kSleeper, &missed));
    return missed;
  }

  Buffer<Step> steps_{1000};

 private:
  Step& Add(int thread, Kind kind, uintptr_t object) {
    Step step = {};
    step.thread = static_cast<uint8_t>(thread);
    step.kind = kind;
    step.object = object;
    step.worker = -1;
    steps_.Push(step);
    return steps_.back();
  }
  uint32_t Last() const { return static_cast<uint32_t>(steps_.size() - 1); }
};

TEST_F(MissedWakeupTest, AWakeupBetweenLookAndSleepCameBeforeTheWait) {
  const uint32_t look = Saw(kSleeper, kWork, 0);
  const uint32_t change = Changed(kWaker, kWork, 0, 1);
  const uint32_t wakeup = Wakes(kWaker, kWord, -1);
  const uint32_t sleep = Waits(kSleeper, kWord, 0);
  const MissedWakeup missed = Explain();
  EXPECT_EQ(missed.miss, Miss::kBeforeTheWait);
  EXPECT_EQ(missed.looked_at, look);
  EXPECT_EQ(missed.changed_at, change);
  EXPECT_EQ(missed.wakeup_at, wakeup);
  EXPECT_EQ(missed.slept_at, sleep);
  EXPECT_TRUE(missed.unseen);
}

TEST_F(MissedWakeupTest, AWakeupThatReachesAnotherWasConsumed) {
  Waits(kSleeper, kWord, 0);
  Waits(kOther, kWord, 0);
  const uint32_t wakeup = Wakes(kWaker, kWord, kOther);
  const MissedWakeup missed = Explain();
  EXPECT_EQ(missed.miss, Miss::kConsumed);
  EXPECT_EQ(missed.wakeup_at, wakeup);
  EXPECT_EQ(missed.consumer, kOther);
}

TEST_F(MissedWakeupTest, ALookBeforeTheAnnouncementWasStale) {
  const uint32_t look = Saw(kSleeper, kWork, 0);
  const uint32_t change = Changed(kWaker, kWork, 0, 1);
  const uint32_t stale = Saw(kWaker, kIdle, 0);
  const uint32_t announcement = Changed(kSleeper, kIdle, 0, 1);
  Waits(kSleeper, kWord, 0);
  const MissedWakeup missed = Explain();
  EXPECT_EQ(missed.miss, Miss::kFiltered);
  EXPECT_EQ(missed.looked_at, look);
  EXPECT_EQ(missed.changed_at, change);
  EXPECT_EQ(missed.waker_looked_at, stale);
  EXPECT_EQ(missed.announced_at, announcement);
}

// A worker that is told off searching never looks where the work is.
TEST_F(MissedWakeupTest, ALookIsStaleAlsoWhereTheSleeperNeverLooked) {
  Saw(kOther, kWork, 0);
  const uint32_t change = Changed(kWaker, kWork, 0, 1);
  const uint32_t stale = Saw(kWaker, kIdle, 0);
  const uint32_t announcement = Changed(kSleeper, kIdle, 0, 1);
  Waits(kSleeper, kWord, 0);
  const MissedWakeup missed = Explain();
  EXPECT_EQ(missed.miss, Miss::kFiltered);
  EXPECT_EQ(missed.looked_at, kNoStep);
  EXPECT_EQ(missed.changed_at, change);
  EXPECT_EQ(missed.waker_looked_at, stale);
  EXPECT_EQ(missed.announced_at, announcement);
}

// Of two stale looks, the one before which work was left behind for good.
TEST_F(MissedWakeupTest, WhatNobodyHasSeenWeighsMoreThanWhatAnotherTook) {
  constexpr uintptr_t kEarlierWork = 0x4000;
  Saw(kSleeper, kEarlierWork, 0);
  Saw(kSleeper, kWork, 0);
  Changed(kWaker, kEarlierWork, 0, 1);
  Saw(kWaker, kIdle, 0);
  Changed(kOther, kEarlierWork, 1, 0);
  const uint32_t change = Changed(kWaker, kWork, 0, 1);
  Saw(kWaker, kIdle, 0);
  Changed(kSleeper, kIdle, 0, 1);
  Waits(kSleeper, kWord, 0);
  EXPECT_EQ(Explain().changed_at, change);
}

TEST_F(MissedWakeupTest, AWakeupThatItGotIsNoneThatItMissed) {
  Waits(kSleeper, kWord, 0);
  Wakes(kWaker, kWord, kSleeper);
  Saw(kSleeper, kWork, 0);
  Waits(kSleeper, kWord, 0);
  const MissedWakeup missed = Explain();
  EXPECT_EQ(missed.miss, Miss::kNobodyTried);
  EXPECT_EQ(missed.weight, 0);
}

TEST_F(MissedWakeupTest, AnAnnouncementInTimeIsNoReason) {
  Changed(kSleeper, kIdle, 0, 1);
  Saw(kSleeper, kWork, 0);
  Waits(kSleeper, kWord, 0);
  Changed(kWaker, kWork, 0, 1);
  Saw(kWaker, kIdle, 1);
  const MissedWakeup missed = Explain();
  EXPECT_EQ(missed.miss, Miss::kNobodyTried);
  EXPECT_EQ(missed.waker_looked_at, kNoStep);
}

TEST_F(MissedWakeupTest, AChangeDuringTheSleepIsNoReasonByItself) {
  Saw(kSleeper, kWork, 0);
  Waits(kSleeper, kWord, 0);
  Changed(kWaker, kWork, 0, 1);
  const MissedWakeup missed = Explain();
  EXPECT_EQ(missed.miss, Miss::kNobodyTried);
  EXPECT_EQ(missed.changed_at, kNoStep);
  EXPECT_EQ(missed.weight, 0);
}

TEST_F(MissedWakeupTest, AWordThatCameBackIsPointedOut) {
  const uint32_t expected = Saw(kSleeper, kWord, 1);
  Changed(kWaker, kWord, 1, 0);
  Saw(kSleeper, kWord, 0);
  const uint32_t back = Changed(kWaker, kWord, 0, 1);
  Wakes(kWaker, kWord, -1);
  Waits(kSleeper, kWord, 1);
  const MissedWakeup missed = Explain();
  EXPECT_EQ(missed.miss, Miss::kBeforeTheWait);
  EXPECT_EQ(missed.expected_at, expected);
  EXPECT_EQ(missed.returned_at, back);
}

TEST_F(MissedWakeupTest, WhoWaitsForALockHasMissedNoWakeup) {
  Step step = {};
  step.thread = kSleeper;
  step.kind = Kind::kLock;
  step.object = kWord;
  step.blocks = true;
  steps_.Push(step);
  const Links links(steps_);
  MissedWakeup missed;
  EXPECT_FALSE(ExplainMiss(steps_, links, 1, kSleeper, &missed));
}

}  // namespace
}  // namespace reveille::explore

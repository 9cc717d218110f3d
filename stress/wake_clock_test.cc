#include "stress/wake_clock.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace reveille::stress {
namespace {

class PoolOfTwo final : public Pool {
 public:
  bool Submit(PoolFn) override { return false; }
  int Parallelism() const override { return 2; }
  bool Shutdown(PoolClock::time_point) override { return true; }
};

class WakeClockTest : public testing::Test {
 protected:
  WakeClockTest() {
    judge_.Observe(&clock_);
    clock_.Begin(&pool_);
  }

  PoolOfTwo pool_;
  Judge judge_{8};
  WakeClock clock_{&judge_};
};

TEST_F(WakeClockTest, TaskThatMeetsAFreeWorkerIsMeasured) {
  const uint32_t task = judge_.Submitted();
  std::this_thread::sleep_for(std::chrono::milliseconds(3));
  judge_.Started(task);
  judge_.Finished(task);
  EXPECT_EQ(clock_.latencies().count(), 1u);
  EXPECT_GE(clock_.latencies().max(), 3'000'000);
}

TEST_F(WakeClockTest, TaskInAQueueIsNot) {
  const uint32_t first = judge_.Submitted();
  const uint32_t second = judge_.Submitted();
  judge_.Started(first);
  judge_.Started(second);
  EXPECT_EQ(clock_.latencies().count(), 1u);
}

TEST_F(WakeClockTest, TaskThatFindsAllWorkersBusyIsNot) {
  for (int i = 0; i < 2; ++i) judge_.Started(judge_.Submitted());
  judge_.Started(judge_.Submitted());
  EXPECT_EQ(clock_.latencies().count(), 2u);
}

TEST_F(WakeClockTest, ArmedTaskIsMeasuredFromItsEvent) {
  const uint32_t task = judge_.Armed();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  judge_.Due(task);
  judge_.Started(task);
  EXPECT_EQ(clock_.latencies().count(), 1u);
  EXPECT_LT(clock_.latencies().max(), 20'000'000);
}

TEST_F(WakeClockTest, TaskThatCannotBeToldApartIsNot) {
  for (int i = 0; i < 10; ++i) {
    const uint32_t task = judge_.Submitted();
    judge_.Started(task);
    judge_.Finished(task);
  }
  EXPECT_EQ(clock_.latencies().count(), 8u);
}

}  // namespace
}  // namespace reveille::stress

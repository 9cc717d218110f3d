#include "scheduler/p_mask.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "scheduler/testing.h"

namespace reveille::internal {
namespace {

TEST(PMaskTest, StartsClear) {
  PMask mask;
  EXPECT_EQ(mask.Count(), 0);
  for (int p = 0; p < Options::kMaxProcs; ++p) EXPECT_FALSE(mask.Read(p));
}

TEST(PMaskTest, EveryPHasItsOwnBit) {
  for (int p = 0; p < Options::kMaxProcs; ++p) {
    PMask mask;
    mask.Set(p);
    EXPECT_EQ(mask.Count(), 1);
    EXPECT_TRUE(mask.Read(p));
    EXPECT_FALSE(mask.Read((p + 1) % Options::kMaxProcs));
    mask.Clear(p);
    EXPECT_EQ(mask.Count(), 0);
  }
}

TEST(PMaskTest, SettingTwiceIsSettingOnce) {
  PMask mask;
  mask.Set(63);
  mask.Set(63);
  EXPECT_EQ(mask.Count(), 1);
  mask.Clear(63);
  mask.Clear(63);
  EXPECT_EQ(mask.Count(), 0);
}

// Neighbours share a word: an update that is not atomic loses one of them.
TEST(PMaskStressTest, NeighboursDoNotDisturbEachOther) {
  PMask mask;
  const int rounds = testing::Rounds(100'000);
  testing::StartLine line(2);
  const auto toggle = [&](int p) {
    line.Arrive();
    for (int i = 0; i < rounds; ++i) {
      mask.Set(p);
      ASSERT_TRUE(mask.Read(p));
      mask.Clear(p);
      ASSERT_FALSE(mask.Read(p));
    }
  };
  std::thread other(toggle, 1);
  toggle(0);
  other.join();
}

// The same with an update in two steps, and a neighbour's in between: shows
// what the test above is looking for.
TEST(PMaskPlantedTest, AnUpdateInTwoStepsLosesANeighbour) {
  volatile uint64_t word = 0;
  const uint64_t read = word;
  word = word | 2;  // The neighbour.
  word = read | 1;  // Ours.
  EXPECT_EQ(word & 2, 0u);
}

}  // namespace
}  // namespace reveille::internal

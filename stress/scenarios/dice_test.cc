#include "stress/scenarios/dice.h"

#include <gtest/gtest.h>

#include <set>

namespace reveille::stress {
namespace {

TEST(DiceTest, SeedDecidesTheRolls) {
  Dice a(7);
  Dice b(7);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(a.Next(), b.Next());
}

// So that a seed means the same on every machine, for ever.
TEST(DiceTest, RollsAreThoseOfSplitMix64) {
  Dice dice(1234567);
  EXPECT_EQ(dice.Next(), 6457827717110365317u);
  EXPECT_EQ(dice.Next(), 3203168211198807973u);
}

TEST(DiceTest, ForkRollsOnItsOwn) {
  Dice a(7);
  Dice child = a.Fork();
  EXPECT_NE(a.Next(), child.Next());
}

TEST(DiceTest, BetweenReachesBothEndsAndNoFurther) {
  Dice dice(1);
  std::set<int> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(dice.Between(-1, 2));
  EXPECT_EQ(seen, (std::set<int>{-1, 0, 1, 2}));
}

TEST(DiceTest, BelowZeroIsZero) { EXPECT_EQ(Dice(1).Below(0), 0u); }

TEST(DiceTest, ExponentialHasItsMean) {
  Dice dice(1);
  double sum = 0;
  for (int i = 0; i < 10'000; ++i) {
    const int64_t value = dice.Exponential(1000);
    ASSERT_GE(value, 0);
    sum += static_cast<double>(value);
  }
  EXPECT_NEAR(sum / 10'000, 1000, 50);
}

}  // namespace
}  // namespace reveille::stress

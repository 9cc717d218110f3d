// The registry of pools.
#include <gtest/gtest.h>

#include "stress/pools/pool.h"

namespace reveille::stress {
namespace {

TEST(PoolRegistryTest, FindsThePoolsOfThisTree) {
  ASSERT_NE(FindPool("reference"), nullptr);
  EXPECT_EQ(FindPool("no-such-pool"), nullptr);
}

TEST(PoolRegistryTest, BugSecondPoolOfTheSameNameIsRefused) {
  EXPECT_FALSE(RegisterPool("reference", nullptr));
  EXPECT_NE(FindPool("reference")->create, nullptr);
}

}  // namespace
}  // namespace reveille::stress

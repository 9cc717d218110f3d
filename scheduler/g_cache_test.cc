#include "scheduler/g_cache.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>

namespace reveille::internal {
namespace {

class GCacheTest : public ::testing::Test {
 protected:
  GCacheTest() : gs_(new G[size_t{2} * GCache::kHalf]) {}
  G* g(uint32_t i) { return &gs_[i]; }
  void Fill(uint32_t n) {
    for (uint32_t i = 0; i < n; ++i) cache_.Push(g(i));
  }
  std::unique_ptr<G[]> gs_;
  GCache cache_;
};

TEST_F(GCacheTest, TheLastInIsTheFirstOut) {
  Fill(3);
  EXPECT_EQ(cache_.Pop(), g(2));
  EXPECT_EQ(cache_.Pop(), g(1));
  EXPECT_EQ(cache_.Pop(), g(0));
  EXPECT_TRUE(cache_.Empty());
}

TEST_F(GCacheTest, HoldsTwoHalves) {
  Fill(2 * GCache::kHalf - 1);
  EXPECT_FALSE(cache_.Full());
  cache_.Push(g(0));
  EXPECT_TRUE(cache_.Full());
}

TEST_F(GCacheTest, AHalfTakenAndTheRestAreAllOfIt) {
  Fill(2 * GCache::kHalf);
  GCache::Half half;
  cache_.TakeHalf(&half);
  std::set<G*> all(half.begin(), half.end());
  EXPECT_EQ(cache_.size(), GCache::kHalf);
  while (!cache_.Empty()) all.insert(cache_.Pop());
  EXPECT_EQ(all.size(), size_t{2} * GCache::kHalf);
}

}  // namespace
}  // namespace reveille::internal

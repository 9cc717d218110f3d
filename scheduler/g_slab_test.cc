#include "scheduler/g_slab.h"

#include <gtest/gtest.h>

#include <iterator>
#include <memory>
#include <set>

namespace reveille::internal {
namespace {

TEST(GSlabTest, BeginsWithoutAny) {
  const auto slab = std::make_unique<GSlab>();
  EXPECT_EQ(slab->begin(), slab->end());
  EXPECT_FALSE(slab->Full());
}

TEST(GSlabTest, ListsWhatWasMade) {
  const auto slab = std::make_unique<GSlab>();
  std::set<G*> made;
  for (uint32_t i = 1; i <= GSlab::kSize; ++i) {
    EXPECT_FALSE(slab->Full());
    made.insert(slab->Make(nullptr));
    std::set<G*> listed;
    for (G& g : *slab) listed.insert(&g);
    EXPECT_EQ(listed, made);
    EXPECT_EQ(listed.size(), i);
  }
  EXPECT_TRUE(slab->Full());
}

// The storage may hold what was there before.
TEST(GSlabTest, ARecordIsMadeDeadAndEmpty) {
  const auto slab = std::make_unique<GSlab>();
  const G* g = slab->Make(nullptr);
  EXPECT_EQ(g->Status(), GStatus::kDead);
  EXPECT_EQ(g->join, nullptr);
  EXPECT_EQ(g->id.load(), 0u);
  EXPECT_FALSE(g->extended);
  EXPECT_FALSE(g->cancel.cancelled());
}

}  // namespace
}  // namespace reveille::internal

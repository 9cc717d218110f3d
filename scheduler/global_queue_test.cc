#include "scheduler/global_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <random>

namespace reveille::internal {
namespace {

class GlobalQueueTest : public ::testing::Test {
 protected:
  GlobalQueueTest() : gs_(new G[4096]) {}
  G* g(size_t i) { return &gs_[i]; }
  std::unique_ptr<G[]> gs_;
  GlobalQueue queue_;
};

TEST_F(GlobalQueueTest, StartsEmpty) {
  EXPECT_TRUE(queue_.Empty());
  EXPECT_EQ(queue_.size(), 0u);
  EXPECT_EQ(queue_.Pop(), nullptr);
}

TEST_F(GlobalQueueTest, IsFirstInFirstOutOverManyBlocks) {
  for (size_t i = 0; i < 4096; ++i) queue_.Push(g(i));
  EXPECT_EQ(queue_.size(), 4096u);
  for (size_t i = 0; i < 4096; ++i) ASSERT_EQ(queue_.Pop(), g(i));
  EXPECT_EQ(queue_.Pop(), nullptr);
}

TEST_F(GlobalQueueTest, AShortQueueMayWanderForEver) {
  queue_.Push(g(0));
  for (size_t i = 1; i < 4096; ++i) {
    queue_.Push(g(i));
    ASSERT_EQ(queue_.Pop(), g(i - 1));
  }
}

TEST_F(GlobalQueueTest, CanBeFilledAgainAfterItWasEmptiedAnywhere) {
  for (size_t n = 500; n < 520; ++n) {
    for (size_t i = 0; i < n; ++i) queue_.Push(g(i));
    for (size_t i = 0; i < n; ++i) ASSERT_EQ(queue_.Pop(), g(i));
    ASSERT_TRUE(queue_.Empty());
    ASSERT_EQ(queue_.Pop(), nullptr);
  }
}

TEST_F(GlobalQueueTest, ExtractTakesTheFirstThatIsWantedAndKeepsTheOrder) {
  for (size_t wanted = 0; wanted < 4; ++wanted) {
    for (size_t i = 0; i < 4; ++i) queue_.Push(g(i));
    EXPECT_EQ(queue_.Extract([&](const G* one) { return one >= g(wanted); }),
              g(wanted));
    EXPECT_EQ(queue_.size(), 3u);
    for (size_t i = 0; i < 4; ++i) {
      if (i != wanted) {
        EXPECT_EQ(queue_.Pop(), g(i));
      }
    }
  }
}

TEST_F(GlobalQueueTest, ExtractOfWhatIsNotThereChangesNothing) {
  EXPECT_EQ(queue_.Extract([](const G*) { return true; }), nullptr);
  for (size_t i = 0; i < 3; ++i) queue_.Push(g(i));
  EXPECT_EQ(queue_.Extract([](const G*) { return false; }), nullptr);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(queue_.Pop(), g(i));
}

TEST_F(GlobalQueueTest, AgreesWithADequeUnderRandomUse) {
  std::deque<G*> model;
  std::mt19937 random(7);
  for (int step = 0; step < 200'000; ++step) {
    // Long stretches of growth and of shrinking, over the borders of blocks.
    const bool grow = (step / 1500) % 2 == 0;
    if (random() % 8 < (grow ? 6u : 2u)) {
      G* one = g(random() % 4096);
      queue_.Push(one);
      model.push_back(one);
    } else if (step % 10'000 == 5000) {
      G* wanted = g(random() % 4096);
      const auto at = std::find(model.begin(), model.end(), wanted);
      ASSERT_EQ(queue_.Extract([&](const G* one) { return one == wanted; }),
                at == model.end() ? nullptr : wanted);
      if (at != model.end()) model.erase(at);
    } else {
      ASSERT_EQ(queue_.Pop(), model.empty() ? nullptr : model.front());
      if (!model.empty()) model.pop_front();
    }
    ASSERT_EQ(queue_.size(), model.size());
  }
}

}  // namespace
}  // namespace reveille::internal

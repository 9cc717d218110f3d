#include "scheduler/global_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <random>

#include "scheduler/testing.h"

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

// What a queue may get wrong; the model must see each.
enum class Bug {
  kNone,
  kLosesAtABorder,
  kDoublesAtABorder,
  kLastInFirstOut,
  kExtractTakesTheFirst,
  kExtractPutsTheRestBackwards,
};

// The queue under test, behind a layer that may misbehave.
class TestedQueue {
 public:
  explicit TestedQueue(Bug bug) : bug_(bug) {}

  void Push(G* g) {
    const bool border = ++pushed_ % 510 == 0;
    if (bug_ == Bug::kLosesAtABorder && border) return;
    queue_.Push(g);
    if (bug_ == Bug::kDoublesAtABorder && border) queue_.Push(g);
  }
  G* Pop() {
    if (bug_ != Bug::kLastInFirstOut) return queue_.Pop();
    std::deque<G*> all = TakeAll();
    if (all.empty()) return nullptr;
    G* last = all.back();
    all.pop_back();
    PutBack(all.begin(), all.end());
    return last;
  }
  G* Extract(const G* wanted) {
    if (bug_ == Bug::kExtractTakesTheFirst) {
      return queue_.Extract([](const G*) { return true; });
    }
    G* found = queue_.Extract([&](const G* one) { return one == wanted; });
    if (bug_ == Bug::kExtractPutsTheRestBackwards) {
      const std::deque<G*> all = TakeAll();
      PutBack(all.rbegin(), all.rend());
    }
    return found;
  }
  uint32_t size() const { return queue_.size(); }

 private:
  std::deque<G*> TakeAll() {
    std::deque<G*> all;
    while (G* g = queue_.Pop()) all.push_back(g);
    return all;
  }
  template <typename Iterator>
  void PutBack(Iterator begin, const Iterator& end) {
    for (; begin != end; ++begin) queue_.Push(*begin);
  }
  const Bug bug_;
  uint64_t pushed_ = 0;
  GlobalQueue queue_;
};

// The steps until queue and deque disagree, or -1 when they never do.
int StepsUntilTheyDisagree(Bug bug, int steps) {
  std::unique_ptr<G[]> gs(new G[4096]);
  std::deque<G*> model;
  TestedQueue queue(bug);
  std::mt19937 random(7);
  for (int step = 0; step < steps; ++step) {
    // Long stretches of growth and of shrinking, over the borders of blocks.
    const bool grow = (step / 1500) % 2 == 0;
    G* one = &gs[random() % 4096];
    G* got = nullptr;
    G* expected = nullptr;
    if (random() % 8 < (grow ? 6u : 2u)) {
      queue.Push(one);
      model.push_back(one);
    } else if (step % 100 == 50) {
      const auto at = std::find(model.begin(), model.end(), one);
      if (at != model.end()) {
        expected = one;
        model.erase(at);
      }
      got = queue.Extract(one);
    } else {
      if (!model.empty()) {
        expected = model.front();
        model.pop_front();
      }
      got = queue.Pop();
    }
    if (got != expected || queue.size() != model.size()) return step;
  }
  return -1;
}

TEST(GlobalQueueModelTest, AgreesWithADequeUnderRandomUse) {
  EXPECT_EQ(StepsUntilTheyDisagree(Bug::kNone, 100'000), -1);
}

using Planted = testing::Named<Bug>;
class GlobalQueuePlantedTest : public ::testing::TestWithParam<Planted> {};
INSTANTIATE_TEST_SUITE_P(
    EachBug, GlobalQueuePlantedTest,
    ::testing::Values(Planted{"LosesAtABorder", Bug::kLosesAtABorder},
                      Planted{"DoublesAtABorder", Bug::kDoublesAtABorder},
                      Planted{"LastInFirstOut", Bug::kLastInFirstOut},
                      Planted{"ExtractTakesTheFirst",
                              Bug::kExtractTakesTheFirst},
                      Planted{"ExtractPutsTheRestBackwards",
                              Bug::kExtractPutsTheRestBackwards}),
    testing::kByName);

TEST_P(GlobalQueuePlantedTest, IsSeenByTheModel) {
  EXPECT_GE(StepsUntilTheyDisagree(GetParam().value, 100'000), 0);
}

}  // namespace
}  // namespace reveille::internal

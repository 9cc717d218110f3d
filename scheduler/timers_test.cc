#include "scheduler/timers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "scheduler/testing.h"

namespace reveille::internal {
namespace {

// Notes that it fired, and in which order.
struct Probe : TimerNode {
  Probe() { fire = &Fired; }
  static void Fired(TimerNode* node, void* fired_list) {
    auto* probe = static_cast<Probe*>(node);
    probe->fired.fetch_add(1);
    if (fired_list != nullptr) {
      static_cast<std::vector<Probe*>*>(fired_list)->push_back(probe);
    }
  }
  std::atomic<int> fired{0};
};

class TimerHeapTest : public ::testing::Test {
 protected:
  std::vector<Probe*> Run(int64_t now) {
    std::vector<Probe*> fired;
    const int n = heap_.RunExpired(now, &fired);
    EXPECT_EQ(n, static_cast<int>(fired.size()));
    return fired;
  }
  TimerHeap heap_;
  Probe a_, b_, c_;
};

using Fired = std::vector<Probe*>;

TEST_F(TimerHeapTest, StartsWithoutATime) {
  EXPECT_EQ(heap_.MinWhenNs(), 0);
  EXPECT_EQ(heap_.size(), 0u);
  EXPECT_EQ(heap_.PopAny(&Probe::Fired), nullptr);
  EXPECT_EQ(Run(1000), Fired{});
}

TEST_F(TimerHeapTest, AddTellsWhetherItIsNowTheEarliest) {
  EXPECT_TRUE(heap_.Add(&a_, 20));
  EXPECT_FALSE(heap_.Add(&b_, 30));
  EXPECT_TRUE(heap_.Add(&c_, 10));
  EXPECT_EQ(heap_.MinWhenNs(), 10);
}

TEST_F(TimerHeapTest, FiresWhatIsDueInTheOrderOfTime) {
  heap_.Add(&a_, 30);
  heap_.Add(&b_, 10);
  heap_.Add(&c_, 20);
  EXPECT_EQ(Run(9), Fired{});
  EXPECT_EQ(Run(20), (Fired{&b_, &c_}));
  EXPECT_EQ(heap_.MinWhenNs(), 30);
  EXPECT_EQ(Run(100), Fired{&a_});
  EXPECT_EQ(heap_.MinWhenNs(), 0);
}

TEST_F(TimerHeapTest, ATimeBeforeTheClockBeganIsDueAndNotAbsent) {
  heap_.Add(&a_, 0);
  heap_.Add(&b_, -5);
  EXPECT_NE(heap_.MinWhenNs(), 0);
  EXPECT_EQ(Run(1).size(), 2u);
}

TEST_F(TimerHeapTest, ModifyMovesItAheadAndBack) {
  heap_.Add(&a_, 10);
  heap_.Add(&b_, 20);
  bool earliest = false;
  EXPECT_TRUE(TimerHeap::Modify(&b_, 5, &earliest));
  EXPECT_TRUE(earliest);
  EXPECT_EQ(heap_.MinWhenNs(), 5);
  EXPECT_TRUE(TimerHeap::Modify(&b_, 50, &earliest));
  EXPECT_FALSE(earliest);
  EXPECT_EQ(heap_.MinWhenNs(), 10);
}

TEST_F(TimerHeapTest, RemoveTakesItOutForGood) {
  heap_.Add(&a_, 10);
  EXPECT_TRUE(TimerHeap::Remove(&a_));
  EXPECT_FALSE(TimerHeap::Remove(&a_));
  bool earliest;
  EXPECT_FALSE(TimerHeap::Modify(&a_, 5, &earliest));
  EXPECT_EQ(Run(100), Fired{});
  EXPECT_EQ(heap_.MinWhenNs(), 0);
}

TEST_F(TimerHeapTest, OneThatFiredIsInNoHeapAndMayBeAddedAgain) {
  heap_.Add(&a_, 10);
  Run(10);
  EXPECT_FALSE(TimerHeap::Remove(&a_));
  heap_.Add(&a_, 20);
  EXPECT_EQ(Run(20), Fired{&a_});
  EXPECT_EQ(a_.fired.load(), 2);
}

TEST_F(TimerHeapTest, MoveAllToKeepsTheTimesAndTheHandles) {
  TimerHeap other;
  heap_.Add(&a_, 10);
  heap_.Add(&b_, 20);
  other.Add(&c_, 15);
  heap_.MoveAllTo(&other);
  EXPECT_EQ(heap_.size(), 0u);
  EXPECT_EQ(heap_.MinWhenNs(), 0);
  EXPECT_EQ(other.size(), 3u);
  EXPECT_EQ(other.MinWhenNs(), 10);
  EXPECT_TRUE(TimerHeap::Remove(&a_));
  EXPECT_EQ(other.MinWhenNs(), 15);
}

// A timer of another kind.
void FireNothing(TimerNode*, void*) {}

TEST_F(TimerHeapTest, PopAnyTakesOnlyTheKindThatItIsAskedFor) {
  TimerNode other;
  other.fire = &FireNothing;
  heap_.Add(&a_, 10);
  heap_.Add(&other, 15);
  heap_.Add(&b_, 20);
  EXPECT_NE(heap_.PopAny(&Probe::Fired), nullptr);
  EXPECT_NE(heap_.PopAny(&Probe::Fired), nullptr);
  EXPECT_EQ(heap_.PopAny(&Probe::Fired), nullptr);
  EXPECT_EQ(a_.fired.load() + b_.fired.load(), 0);
  EXPECT_FALSE(TimerHeap::Remove(&a_));
  EXPECT_EQ(heap_.MinWhenNs(), 15);
  EXPECT_TRUE(TimerHeap::Remove(&other));
}

// --- Against a model
// -----------------------------------------------------------

// What a heap may get wrong; the model must see each.
enum class Bug {
  kNone,
  kFiresEarly,
  kFiresLate,
  kFiresInTheOrderOfAddition,
  kModifyToEarlierIsForgotten,
  kModifyForgetsToTellTheEarliest,
  kRemoveForgets,
  kRemoveSaysThatItWasThere,
};

// The heap under test, behind a layer that may misbehave.
class TestedHeap {
 public:
  explicit TestedHeap(Bug bug) : bug_(bug) {}

  bool Add(TimerNode* node, int64_t when) { return heap_.Add(node, when); }
  bool Modify(TimerNode* node, int64_t when, bool* earliest) {
    if (bug_ == Bug::kModifyToEarlierIsForgotten && when < node->when_ns) {
      when = node->when_ns;
    }
    const bool was_there = TimerHeap::Modify(node, when, earliest);
    if (bug_ == Bug::kModifyForgetsToTellTheEarliest) *earliest = false;
    return was_there;
  }
  bool Remove(TimerNode* node) {
    if (bug_ == Bug::kRemoveForgets) return node->heap.load() != nullptr;
    const bool removed = TimerHeap::Remove(node);
    return bug_ == Bug::kRemoveSaysThatItWasThere || removed;
  }
  Fired Run(int64_t now) {
    if (bug_ == Bug::kFiresEarly) now += 1;
    if (bug_ == Bug::kFiresLate) now -= 1;
    Fired fired;
    heap_.RunExpired(now, &fired);
    if (bug_ == Bug::kFiresInTheOrderOfAddition) {
      std::sort(fired.begin(), fired.end());
    }
    return fired;
  }
  int64_t MinWhenNs() const { return heap_.MinWhenNs(); }
  uint32_t size() const { return heap_.size(); }

 private:
  const Bug bug_;
  TimerHeap heap_;
};

// A heap and a std::multimap that are told the same. Each step says whether
// they agree.
class Model {
 public:
  Model(size_t timers, Bug bug) : probes_(timers), heap_(bug) {}

  bool AddOrModify(size_t i, int64_t when) {
    bool earliest = false;
    if (auto it = Find(i); it != model_.end()) {
      if (!heap_.Modify(&probes_[i], when, &earliest)) return false;
      model_.erase(it);
    } else {
      earliest = heap_.Add(&probes_[i], when);
    }
    model_.emplace(when, &probes_[i]);
    const bool first = model_.begin()->first == when;
    const bool alone = first && model_.count(when) == 1;
    return earliest ? first : !alone;
  }
  bool Remove(size_t i) {
    const auto it = Find(i);
    const bool there = it != model_.end();
    if (there) model_.erase(it);
    return heap_.Remove(&probes_[i]) == there;
  }
  bool Run(int64_t now) {
    Fired fired = heap_.Run(now);
    const auto earlier = [](const Probe* a, const Probe* b) {
      return a->when_ns < b->when_ns;
    };
    if (!std::is_sorted(fired.begin(), fired.end(), earlier)) return false;
    const auto end = model_.upper_bound(now);
    Fired due;
    for (auto it = model_.begin(); it != end; ++it) due.push_back(it->second);
    model_.erase(model_.begin(), end);
    std::sort(due.begin(), due.end());
    std::sort(fired.begin(), fired.end());
    return fired == due;
  }
  bool Agree() const {
    return heap_.size() == model_.size() &&
           heap_.MinWhenNs() == (model_.empty() ? 0 : model_.begin()->first);
  }

 private:
  std::multimap<int64_t, Probe*>::iterator Find(size_t i) {
    return std::find_if(model_.begin(), model_.end(), [&](const auto& entry) {
      return entry.second == &probes_[i];
    });
  }
  std::vector<Probe> probes_;
  TestedHeap heap_;
  std::multimap<int64_t, Probe*> model_;
};

// The steps until the two disagree, or -1 when they never do.
int StepsUntilTheyDisagree(Bug bug, int steps) {
  std::mt19937 random(11);
  Model model(100, bug);
  int64_t now = 1;
  for (int step = 0; step < steps; ++step) {
    const size_t i = random() % 100;
    const auto delay = static_cast<int64_t>(random() % 50);
    bool agree = true;
    switch (random() % 4) {
      case 0:
      case 1:
        agree = model.AddOrModify(i, now + delay);
        break;
      case 2:
        agree = model.Remove(i);
        break;
      default:
        now += delay % 4;
        agree = model.Run(now);
        break;
    }
    if (!agree || !model.Agree()) return step;
  }
  return -1;
}

TEST(TimerHeapModelTest, AgreesWithAMultimapUnderRandomUse) {
  EXPECT_EQ(StepsUntilTheyDisagree(Bug::kNone, 50'000), -1);
}

using Planted = testing::Named<Bug>;
class TimerHeapPlantedTest : public ::testing::TestWithParam<Planted> {};
INSTANTIATE_TEST_SUITE_P(
    EachBug, TimerHeapPlantedTest,
    ::testing::Values(
        Planted{"FiresEarly", Bug::kFiresEarly},
        Planted{"FiresLate", Bug::kFiresLate},
        Planted{"FiresInTheOrderOfAddition", Bug::kFiresInTheOrderOfAddition},
        Planted{"ModifyToEarlierIsForgotten", Bug::kModifyToEarlierIsForgotten},
        Planted{"ModifyForgetsToTellTheEarliest",
                Bug::kModifyForgetsToTellTheEarliest},
        Planted{"RemoveForgets", Bug::kRemoveForgets},
        Planted{"RemoveSaysThatItWasThere", Bug::kRemoveSaysThatItWasThere}),
    testing::kByName);

TEST_P(TimerHeapPlantedTest, IsSeenByTheModel) {
  EXPECT_GE(StepsUntilTheyDisagree(GetParam().value, 50'000), 0);
}

// --- Concurrently
// ----------------------------------------------------------------

// Fires slowly, and says while it does.
struct SlowProbe : TimerNode {
  SlowProbe() {
    fire = [](TimerNode* node, void*) {
      auto* self = static_cast<SlowProbe*>(node);
      self->inside.store(true);
      testing::Await([self] { return self->let_go.load(); });
      self->inside.store(false);
    };
  }
  std::atomic<bool> inside{false};
  std::atomic<bool> let_go{false};
};

TEST(TimerHeapConcurrentTest, RemoveWaitsForAFireInProgress) {
  TimerHeap heap;
  SlowProbe probe;
  heap.Add(&probe, 1);
  std::thread runner([&] { heap.RunExpired(1, nullptr); });
  testing::Await([&] { return probe.inside.load(); });
  std::atomic<bool> removing{false};
  std::thread remover([&] {
    removing.store(true);
    EXPECT_FALSE(TimerHeap::Remove(&probe));
    EXPECT_FALSE(probe.inside.load());
  });
  testing::Await([&] { return removing.load(); });
  probe.let_go.store(true);
  remover.join();
  runner.join();
}

// Promise: however Add, Modify, Remove, RunExpired and MoveAllTo meet, each Add
// is answered by exactly one fire or one successful Remove. Judged by the sums
// at the end; that nobody touches a node after its Remove() is judged by the
// sanitizers, since each round's nodes are destroyed right away.
TEST(TimerHeapStressTest, EachAddEndsInOneFireOrOneRemove) {
  TimerHeap near;
  TimerHeap far;
  std::atomic<bool> done{false};
  std::atomic<int64_t> now{1};
  std::thread runner([&] {
    while (!done.load()) {
      near.RunExpired(now.load(), nullptr);
      far.RunExpired(now.load(), nullptr);
    }
  });
  std::thread mover([&] {
    while (!done.load()) {
      near.MoveAllTo(&far);
      std::this_thread::yield();
    }
  });
  std::mt19937 random(3);
  for (int round = 0; round < testing::Rounds(20'000); ++round) {
    auto probe = std::make_unique<Probe>();
    near.Add(probe.get(), now.load() + 1 + static_cast<int64_t>(random() % 3));
    now.fetch_add(1);
    bool earliest;
    TimerHeap::Modify(probe.get(), now.load() + 1, &earliest);
    now.fetch_add(random() % 2);
    const bool removed = TimerHeap::Remove(probe.get());
    ASSERT_EQ(probe->fired.load() + (removed ? 1 : 0), 1);
  }
  done.store(true);
  runner.join();
  mover.join();
}

}  // namespace
}  // namespace reveille::internal

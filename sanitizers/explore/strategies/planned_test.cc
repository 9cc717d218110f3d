#include "sanitizers/explore/strategies/planned.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <set>
#include <thread>

#include "sanitizers/explore/buffer.h"
#include "sanitizers/explore/exploration.h"
#include "sanitizers/explore/explore.h"

namespace reveille::explore {
namespace {

// Loses an increment when one thread comes between the other's two steps.
void AddTwice() {
  std::atomic<int> word{0};
  const auto add = [&word] { word.store(word.load() + 1); };
  std::thread a(add);
  std::thread b(add);
  a.join();
  b.join();
  Check(word == 2, "lost an increment");
}

void Swap() {
  std::atomic<int> word{0};
  const auto work = [&word](int me) {
    for (int i = 0; i < 6; ++i) word.exchange(me + i);
  };
  std::thread a(work, 100);
  std::thread b(work, 200);
  a.join();
  b.join();
}

TEST(Planned, TheSamePlanIsTheSameExecution) {
  for (int base = 0; base < kPlanBases; ++base) {
    Plan plan;
    plan.base = static_cast<PlanBase>(base);
    plan.seed = 7;
    Planned planned(&plan);
    const uint64_t hash =
        RunOnce(&planned, 0, {}, [](void*) { Swap(); }, nullptr)->hash;
    EXPECT_EQ(
        RunOnce(&planned, 0, {}, [](void*) { Swap(); }, nullptr)->hash, hash);
  }
}

TEST(Planned, SeedsDifferUnderEveryBaseThatDraws) {
  for (const PlanBase base :
       {PlanBase::kWalk, PlanBase::kLazyWalk, PlanBase::kPriorities,
        PlanBase::kOperations, PlanBase::kFocusOperations}) {
    std::set<uint64_t> hashes;
    for (uint32_t seed = 0; seed < 50; ++seed) {
      Plan plan;
      plan.base = base;
      plan.seed = seed;
      Planned planned(&plan);
      hashes.insert(
          RunOnce(&planned, 0, {}, [](void*) { Swap(); }, nullptr)->hash);
    }
    EXPECT_GT(hashes.size(), 3u) << static_cast<int>(base);
  }
}

TEST(Planned, WhatThreadsShareComesIntoFocusAndNothingElse) {
  Plan plan;
  Planned planned(&plan);
  RunOnce(&planned, 0, {}, [](void*) { Swap(); }, nullptr);
  Focus focus;
  ASSERT_TRUE(planned.shared_objects().AddTo(&focus, 5));
  EXPECT_EQ(focus.count, 1);
  EXPECT_TRUE(focus.Has(focus.objects[0]));
  // Both threads do all of theirs there.
  EXPECT_GE(focus.left[1], 4);
  EXPECT_GE(focus.left[2], 4);
  const uint16_t object = focus.objects[0];
  while (planned.shared_objects().AddTo(&focus, 6)) {
    EXPECT_NE(focus.objects[focus.count - 1], object);
  }
  EXPECT_LE(focus.count, Focus::kMostObjects);
}

TEST(Planned, OrdersOfWhatIsInFocusDifferUnderPriorities) {
  Plan plan;
  Planned first(&plan);
  RunOnce(&first, 0, {}, [](void*) { Swap(); }, nullptr);
  plan.base = PlanBase::kFocusPriorities;
  const auto hashes = [&plan] {
    std::set<uint64_t> all;
    for (plan.seed = 0; plan.seed < 50; ++plan.seed) {
      Planned planned(&plan);
      all.insert(
          RunOnce(&planned, 0, {}, [](void*) { Swap(); }, nullptr)->hash);
    }
    return all.size();
  };
  const size_t without = hashes();
  ASSERT_TRUE(first.shared_objects().AddTo(&plan.focus, 5));
  EXPECT_GT(hashes(), 2 * without);
}

// On the heap: an object whose place the loader chooses is known to no plan.
struct Words {
  std::atomic<int> own[2] = {};
  std::atomic<int> apart[16] = {};  // Objects are of eight bytes.
  std::atomic<int> shared{0};
};
Words* g_words = nullptr;

void MostlyOnItsOwn() {
  const auto words = std::make_unique<Words>();
  g_words = words.get();
  const auto work = [&](std::atomic<int>* own) {
    // Both have touched it, then, or the first would meet nobody.
    words->shared.load();
    std::this_thread::yield();
    for (int i = 0; i < 8; ++i) {
      for (int k = 0; k < 4; ++k) own->fetch_add(1);
      words->shared.fetch_add(1);
    }
  };
  std::thread a(work, &words->own[0]);
  std::thread b(work, &words->apart[8]);
  a.join();
  b.join();
  g_words = nullptr;
}

// Counts how often a thread that could go on was left in front of an operation
// on a word of its own, and on the one that is shared.
class CountsLeavings final : public Strategy {
 public:
  explicit CountsLeavings(Planned* planned) : planned_(planned) {}
  bool Begin(uint64_t key) override { return planned_->Begin(key); }
  uint32_t Choose(const ChoicePoint& at) override {
    const uint32_t option = planned_->Choose(at);
    if (g_words == nullptr || at.tag != Tag::kThread ||
        !Contains(at.threads, at.running) ||
        ThreadAt(at.threads, option) == at.running) {
      return option;
    }
    const uintptr_t object = at.pending[at.running].object;
    of_own += Is(object, g_words->own[0]) || Is(object, g_words->apart[8]);
    of_shared += Is(object, g_words->shared);
    return option;
  }
  void End(const ExecutionSummary& summary) override { planned_->End(summary); }

  int of_own = 0;
  int of_shared = 0;

 private:
  static bool Is(uintptr_t object, const std::atomic<int>& word) {
    return object == reinterpret_cast<uintptr_t>(&word);
  }

  Planned* const planned_;
};

TEST(Planned, OnlyMeetingsLeavesNobodyInFrontOfWhatIsHisOwn) {
  for (const bool only_meetings : {false, true}) {
    Plan plan;
    plan.base = PlanBase::kWalk;
    plan.seed = 3;
    plan.only_meetings = only_meetings;
    Planned planned(&plan);
    CountsLeavings counts(&planned);
    RunOnce(&counts, 0, {}, [](void*) { MostlyOnItsOwn(); }, nullptr);
    EXPECT_EQ(counts.of_own == 0, only_meetings);
    EXPECT_GT(counts.of_shared, 0);
  }
}

void ShareAWord() {
  const auto words = std::make_unique<Words>();
  g_words = words.get();
  std::thread a([&] { words->shared.fetch_add(1); });
  std::thread b([&] { words->shared.fetch_add(2); });
  a.join();
  b.join();
  g_words = nullptr;
}

TEST(Planned, WhatOtherExecutionsSharedIsAMeetingForWhoComesFirst) {
  Plan plan;
  plan.base = PlanBase::kWalk;
  plan.only_meetings = true;
  KnownObjects shared;
  const auto leavings = [&] {
    int of_shared = 0;
    for (plan.seed = 0; plan.seed < 20; ++plan.seed) {
      Planned planned(&plan);
      CountsLeavings counts(&planned);
      RunOnce(&counts, 0, {}, [](void*) { ShareAWord(); }, nullptr);
      of_shared += counts.of_shared;
      planned.shared_objects().AddTo(&shared);
    }
    return of_shared;
  };
  const int of_the_second = leavings();
  plan.known = shared;
  EXPECT_GT(leavings(), of_the_second + 3);
}

TEST(Planned, StayingPreemptsNobody) {
  Plan plan;
  for (uint32_t seed = 0; seed < 50; ++seed) {
    plan.seed = seed;
    Planned planned(&plan);
    EXPECT_TRUE(Explore(&planned, 1, AddTwice).clean());
  }
}

TEST(Planned, PlantedLossOfAnIncrementTakesOneSwitch) {
  Plan plan;
  Planned planned(&plan);
  EXPECT_TRUE(Explore(&planned, 1, AddTwice).clean());
  int lost = 0;
  for (uint8_t thread = 1; thread <= 2; ++thread) {
    for (uint16_t number = 0; number < 6; ++number) {
      for (uint8_t value = 0; value < 2; ++value) {
        plan.count = 1;
        plan.departures[0] = {Departure::What::kSwitch, thread, number, value};
        Planned departing(&plan);
        lost += Explore(&departing, 1, AddTwice).count(Verdict::kCheckFailed);
      }
    }
  }
  EXPECT_GT(lost, 0);
}

TEST(Planned, AHeldOperationWaitsUntilAnotherHasMetIt) {
  // The first thread's only operation, held, comes after the second's.
  const auto body = [] {
    std::atomic<int> word{0};
    std::thread a([&word] { word.store(1); });
    std::thread b([&word] { word.store(2); });
    a.join();
    b.join();
    Check(word == 2, "the first thread wrote last");
  };
  Plan plan;
  plan.count = 1;
  int last = 0;
  for (uint16_t number = 0; number < 4; ++number) {
    plan.departures[0] = {Departure::What::kHold, 1, number, 7};
    Planned planned(&plan);
    last += Explore(&planned, 1, body).count(Verdict::kCheckFailed);
  }
  Plan none;
  Planned undisturbed(&none);
  EXPECT_TRUE(Explore(&undisturbed, 1, body).clean());
  EXPECT_GT(last, 0);
}

TEST(Planned, OtherSeedsFromAMomentOnKeepWhatWasBefore) {
  Plan plan;
  plan.base = PlanBase::kWalk;
  Planned before(&plan);
  const auto body = [](void*) { Swap(); };
  RunOnce(&before, 0, {}, body, nullptr);
  size_t count = 0;
  const Choice* last = LastChoices(&count);
  ASSERT_GT(count, 4u);
  Buffer<Choice> kept(count);
  kept.Assign(last, count);
  plan.count = 1;
  plan.departures[0] = {Departure::What::kReseed, 1, 5, 99};
  Planned after(&plan);
  RunOnce(&after, 0, {}, body, nullptr);
  last = LastChoices(&count);
  size_t same = 0;
  while (same < count && same < kept.size() &&
         last[same].value == kept[same].value) {
    ++same;
  }
  EXPECT_GT(same, 0u);
  EXPECT_LT(same, kept.size());
}

TEST(Coverage, CountsWhoMetWhomOnAnObject) {
  uint8_t counters[256] = {};
  CountMeetings(counters, sizeof counters);
  Plan plan;
  plan.base = PlanBase::kWalk;
  Planned planned(&plan);
  Explore(&planned, 1, Swap);
  CountMeetings(nullptr, 0);
  int pairs = 0;
  for (const uint8_t counter : counters) pairs += counter != 0;
  EXPECT_GE(pairs, 1);
}

TEST(Coverage, CountsStatesThatFollowEachOther) {
  class Told final : public Oracle {
   public:
    Judgement AtQuiescence() override { return {}; }
    Judgement AtEnd() override { return {}; }
    uint64_t State() override { return 1 + ++asked_ % 2; }

   private:
    uint64_t asked_ = 0;
  } oracle;
  uint8_t counters[256] = {};
  SetOracle(&oracle);
  CountStates(counters, sizeof counters);
  Explore(5, Swap);
  CountStates(nullptr, 0);
  SetOracle(nullptr);
  int pairs = 0;
  for (const uint8_t counter : counters) pairs += counter != 0;
  EXPECT_GE(pairs, 2);
  EXPECT_LE(pairs, 4);
}

}  // namespace
}  // namespace reveille::explore

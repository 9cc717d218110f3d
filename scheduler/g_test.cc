#include "scheduler/g.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "scheduler/note.h"
#include "scheduler/park.h"
#include "scheduler/testing.h"

namespace reveille::internal {
namespace {

using testing::StartLine;

class GListTest : public ::testing::Test {
 protected:
  GListTest() : gs_(new G[8]) {}
  G* g(int i) { return &gs_[i]; }
  std::vector<int> Drain(GList* list) {
    std::vector<int> order;
    while (G* one = list->PopFront()) {
      EXPECT_EQ(one->schedlink, nullptr);
      order.push_back(static_cast<int>(one - &gs_[0]));
    }
    return order;
  }
  std::unique_ptr<G[]> gs_;
  GList list_;
};

using Order = std::vector<int>;

TEST_F(GListTest, StartsEmpty) {
  EXPECT_TRUE(list_.Empty());
  EXPECT_EQ(list_.size(), 0u);
  EXPECT_EQ(list_.PopFront(), nullptr);
}

TEST_F(GListTest, KeepsTheOrderOfBothEnds) {
  list_.PushBack(g(1));
  list_.PushBack(g(2));
  list_.PushFront(g(0));
  EXPECT_EQ(list_.size(), 3u);
  EXPECT_EQ(Drain(&list_), (Order{0, 1, 2}));
}

TEST_F(GListTest, CanBeFilledAgainAfterItWasEmptied) {
  list_.PushFront(g(0));
  list_.PopFront();
  list_.PushBack(g(1));
  list_.PushBack(g(2));
  EXPECT_EQ(Drain(&list_), (Order{1, 2}));
}

// --- Status ------------------------------------------------------------------

TEST(GTest, TransitionMovesFromTheStatusThatItNames) {
  G g;
  g.Transition(GStatus::kDead, GStatus::kRunnable);
  g.Transition(GStatus::kRunnable, GStatus::kRunning);
  EXPECT_EQ(g.Status(), GStatus::kRunning);
}

using Wrong = testing::Named<GStatus>;
class GDeathTest : public ::testing::TestWithParam<Wrong> {};
INSTANTIATE_TEST_SUITE_P(
    EachWrongStatus, GDeathTest,
    ::testing::Values(Wrong{"Dead", GStatus::kDead},
                      Wrong{"Runnable", GStatus::kRunnable},
                      Wrong{"Waiting", GStatus::kWaiting},
                      Wrong{"Blocking", GStatus::kBlocking}),
    testing::kByName);

TEST_P(GDeathTest, ASecondOwnerFindsTheWrongStatus) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  G g;
  g.Transition(GStatus::kDead, GStatus::kRunning);
  EXPECT_DEATH(g.Transition(GetParam().value, GStatus::kRunning),
               "I4: a G is in exactly one place");
}

TEST(GTest, EveryStatusHasAName) {
  for (GStatus status : {GStatus::kDead, GStatus::kRunnable, GStatus::kRunning,
                         GStatus::kWaiting, GStatus::kBlocking}) {
    EXPECT_STRNE(ToString(status), "?");
  }
}

// --- Waiter: one wake, one winner
// ---------------------------------------------

TEST(WaiterTest, AClaimBeforeTheParkIsSeenByTheParker) {
  Waiter waiter;
  Waiter::Claimed claimed;
  ASSERT_TRUE(waiter.Claim(Wake::kClosed, &claimed));
  EXPECT_EQ(claimed.g, nullptr);  // Nobody sleeps: nobody is to be woken.
  EXPECT_FALSE(ParkOperationAccess::Commit(&waiter));
  EXPECT_TRUE(ParkOperationAccess::Claimed(waiter));
  EXPECT_EQ(waiter.result(), Wake::kClosed);
}

TEST(WaiterTest, AClaimAfterTheParkNamesWhomToWake) {
  G g;
  Waiter waiter;
  ParkOperationAccess::SetG(&waiter, &g);
  ASSERT_TRUE(ParkOperationAccess::Commit(&waiter));
  Waiter::Claimed claimed;
  ASSERT_TRUE(waiter.Claim(Wake::kReady, &claimed));
  EXPECT_EQ(claimed.g, &g);
  EXPECT_EQ(waiter.result(), Wake::kReady);
}

TEST(WaiterTest, TheSecondClaimLoses) {
  Waiter waiter;
  Waiter::Claimed claimed;
  EXPECT_TRUE(waiter.Claim(Wake::kTimedOut, &claimed));
  EXPECT_FALSE(waiter.Claim(Wake::kReady, &claimed));
  EXPECT_EQ(waiter.result(), Wake::kTimedOut);
}

// Promise: of a parker and two wakers exactly one waker wins, and it is told
// whom to wake exactly if the parker has gone to sleep. Judged in every round.
TEST(WaiterStressTest, OneOfTwoClaimersWinsAndKnowsWhetherTheParkerSleeps) {
  G g;
  std::vector<std::unique_ptr<Waiter>> waiters;
  const int rounds = testing::Rounds(20'000);
  for (int i = 0; i < rounds; ++i) {
    waiters.push_back(std::make_unique<Waiter>());
    ParkOperationAccess::SetG(waiters.back().get(), &g);
  }
  std::vector<std::atomic<int>> wins(static_cast<size_t>(rounds));
  std::vector<std::atomic<int>> wakes(static_cast<size_t>(rounds));
  StartLine line(3);
  const auto claim = [&](Wake wake) {
    line.Arrive();
    for (int i = 0; i < rounds; ++i) {
      Waiter::Claimed claimed;
      const auto at = static_cast<size_t>(i);
      if (!waiters[at]->Claim(wake, &claimed)) continue;
      wins[at].fetch_add(1);
      if (claimed.g != nullptr) wakes[at].fetch_add(1);
    }
  };
  std::thread first(claim, Wake::kReady);
  std::thread second(claim, Wake::kCancelled);
  line.Arrive();
  std::vector<bool> sleeps;
  for (const auto& waiter : waiters) {
    sleeps.push_back(ParkOperationAccess::Commit(waiter.get()));
  }
  first.join();
  second.join();
  for (size_t i = 0; i < static_cast<size_t>(rounds); ++i) {
    ASSERT_EQ(wins[i].load(), 1);
    ASSERT_EQ(wakes[i].load(), sleeps[i] ? 1 : 0);
  }
}

// --- CancelSlot --------------------------------------------------------------

TEST(CancelSlotTest, CancelOfATaskThatWaitsClaimsItsWaiter) {
  CancelSlot slot;
  Waiter waiter;
  ASSERT_TRUE(slot.Set(&waiter));
  Waiter::Claimed claimed;
  EXPECT_TRUE(slot.Cancel(&claimed));
  EXPECT_TRUE(slot.cancelled());
  EXPECT_EQ(waiter.result(), Wake::kCancelled);
  slot.Clear();
  EXPECT_TRUE(slot.cancelled());  // For good.
}

TEST(CancelSlotTest, CancelOfATaskThatRunsIsFoundByItsNextWait) {
  CancelSlot slot;
  Waiter::Claimed claimed;
  EXPECT_FALSE(slot.Cancel(&claimed));
  Waiter waiter;
  EXPECT_FALSE(slot.Set(&waiter));
}

TEST(CancelSlotTest, ASecondCancelDoesNothing) {
  CancelSlot slot;
  Waiter waiter;
  ASSERT_TRUE(slot.Set(&waiter));
  Waiter::Claimed claimed;
  EXPECT_TRUE(slot.Cancel(&claimed));
  EXPECT_FALSE(slot.Cancel(&claimed));
}

TEST(CancelSlotTest, CancelAfterTheWaitWasWokenOtherwiseDeliversNothing) {
  CancelSlot slot;
  Waiter waiter;
  ASSERT_TRUE(slot.Set(&waiter));
  Waiter::Claimed claimed;
  ASSERT_TRUE(waiter.Claim(Wake::kReady, &claimed));
  EXPECT_FALSE(slot.Cancel(&claimed));
  EXPECT_EQ(waiter.result(), Wake::kReady);
}

TEST(CancelSlotTest, ClearForgetsTheWaiterAndAllowsTheNext) {
  CancelSlot slot;
  Waiter first;
  Waiter second;
  ASSERT_TRUE(slot.Set(&first));
  slot.Clear();
  EXPECT_TRUE(slot.Set(&second));
  Waiter::Claimed claimed;
  EXPECT_TRUE(slot.Cancel(&claimed));
  EXPECT_FALSE(ParkOperationAccess::Claimed(first));
}

// Promise: after Clear() returned, a concurrent Cancel() touches the waiter no
// more. Each waiter is destroyed right after its Clear(); judged by the
// sanitizers, and by the count: a waiter is claimed at most once and only by
// the one Cancel() of its slot.
TEST(CancelSlotStressTest, CancelNeverTouchesAWaiterAfterClear) {
  const int rounds = testing::Rounds(20'000);
  std::vector<CancelSlot> slots(static_cast<size_t>(rounds));
  std::atomic<int> won{0};
  int seen = 0;
  StartLine line(2);
  std::thread canceller([&] {
    line.Arrive();
    for (CancelSlot& slot : slots) {
      Waiter::Claimed claimed;
      won.fetch_add(slot.Cancel(&claimed));
    }
  });
  line.Arrive();
  for (CancelSlot& slot : slots) {
    auto waiter = std::make_unique<Waiter>();
    if (!slot.Set(waiter.get())) continue;
    slot.Clear();
    seen += ParkOperationAccess::Claimed(*waiter);
  }
  canceller.join();
  EXPECT_EQ(won.load(), seen);
}

}  // namespace
}  // namespace reveille::internal

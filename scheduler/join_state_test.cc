// The word of a JoinState: its states one by one, without a scheduler, and then
// all parties at once. What Join() and Cancel() do for tasks: spawn_test.cc.
#include "scheduler/join_state.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "scheduler/note.h"
#include "scheduler/park.h"
#include "scheduler/testing.h"

namespace reveille::internal {
namespace {

// A party outside that has parked in the state.
struct Party {
  explicit Party(JoinState* joined) : state(joined) {
    ParkOperationAccess::SetNote(&waiter, &note);
    state->AddWaiter(&waiter);
    parked = ParkOperationAccess::Commit(&waiter);
  }
  // As a deadline does.
  bool TimeOut() {
    Waiter::Claimed claimed;
    return waiter.Claim(Wake::kTimedOut, &claimed);
  }
  bool Woken() const { return note.IsWoken(); }
  void Leave() { state->RemoveWaiter(&waiter); }

  JoinState* const state;
  Note note;
  Waiter waiter;
  bool parked = false;
};

class JoinStateTest : public ::testing::Test {
 protected:
  // The handle's count.
  ~JoinStateTest() override { state_->Unref(); }
  void End() { state_->TaskEnded(); }
  G g_;
  JoinState* state_ = new JoinState(&g_);
};

TEST_F(JoinStateTest, IsDoneWhenTheTaskHasEnded) {
  EXPECT_FALSE(state_->Done());
  End();
  EXPECT_TRUE(state_->Done());
}

TEST_F(JoinStateTest, WakesTheOneThatWaits) {
  Party party(state_);
  EXPECT_FALSE(party.Woken());
  End();
  EXPECT_TRUE(party.Woken());
  EXPECT_EQ(party.waiter.result(), Wake::kReady);
  party.Leave();
}

TEST_F(JoinStateTest, OneThatComesAfterTheEndIsClaimedAtOnce) {
  End();
  Party party(state_);
  EXPECT_TRUE(ParkOperationAccess::Claimed(party.waiter));
  EXPECT_EQ(party.waiter.result(), Wake::kReady);
  party.Leave();
}

TEST_F(JoinStateTest, WakesAllOfACrowd) {
  std::vector<std::unique_ptr<Party>> crowd;
  for (int i = 0; i < 5; ++i) crowd.push_back(std::make_unique<Party>(state_));
  End();
  for (const auto& party : crowd) {
    EXPECT_TRUE(party->Woken());
    party->Leave();
  }
}

TEST_F(JoinStateTest, OneThatTimedOutLeavesAndTheNextTakesItsPlace) {
  Party first(state_);
  ASSERT_TRUE(first.TimeOut());
  first.Leave();
  Party second(state_);
  End();
  EXPECT_TRUE(second.Woken());
  EXPECT_FALSE(first.Woken());
  second.Leave();
}

TEST_F(JoinStateTest, TheFirstOfACrowdMayTimeOut) {
  Party first(state_);
  Party second(state_);
  Party third(state_);
  ASSERT_TRUE(first.TimeOut());
  first.Leave();
  End();
  EXPECT_FALSE(first.Woken());
  EXPECT_TRUE(second.Woken());
  EXPECT_TRUE(third.Woken());
  second.Leave();
  third.Leave();
}

TEST_F(JoinStateTest, OneThatTimedOutBeforeTheEndAndLeavesAfterItIsPassedBy) {
  Party party(state_);
  ASSERT_TRUE(party.TimeOut());
  End();
  EXPECT_TRUE(party.waiter.PassedBy());
  EXPECT_EQ(party.waiter.result(), Wake::kTimedOut);
  EXPECT_FALSE(party.Woken());
  party.Leave();
}

TEST_F(JoinStateTest, OneOfACrowdThatTimedOutLeavesAfterTheEnd) {
  Party first(state_);
  Party second(state_);
  ASSERT_TRUE(first.TimeOut());
  End();
  first.Leave();
  EXPECT_TRUE(second.Woken());
  second.Leave();
}

TEST_F(JoinStateTest, CancelReachesTheTaskUntilItsEnd) {
  state_->Cancel();
  EXPECT_TRUE(g_.cancel.cancelled());
  End();
  g_.cancel.Reset();
  state_->Cancel();  // The record may be another task's by now.
  EXPECT_FALSE(g_.cancel.cancelled());
}

TEST_F(JoinStateTest, CancelKeepsWhoWaits) {
  Party party(state_);
  state_->Cancel();
  EXPECT_FALSE(party.Woken());
  End();
  EXPECT_TRUE(party.Woken());
  party.Leave();
}

// --- All at once -------------------------------------------------------------

// Promise: each party is woken by the end unless its deadline was first, and
// then it leaves without a wake; after a party has left nobody touches it; the
// record is cancelled before the end or not at all. Judged by the result of
// each, and by AddressSanitizer, for each party dies as soon as it has left.
void WaitOnce(JoinState* state, bool with_deadline, std::atomic<int>* wrong) {
  auto party = std::make_unique<Party>(state);
  const bool timed_out = with_deadline && party->TimeOut();
  // A wake is on its way to whoever parked, and to nobody else.
  if (!timed_out && party->parked) party->note.Sleep();
  const Wake expected = timed_out ? Wake::kTimedOut : Wake::kReady;
  if (party->waiter.result() != expected) wrong->fetch_add(1);
  party->Leave();
  if (expected == Wake::kReady && !state->Done()) wrong->fetch_add(1);
}

void RunParties(int waiters) {
  std::atomic<int> wrong{0};
  for (int round = 0; round < testing::Rounds(2000); ++round) {
    auto g = std::make_unique<G>();
    auto* state = new JoinState(g.get());
    for (int i = 0; i < waiters; ++i) state->Ref();
    testing::StartLine line(waiters + 2);
    std::vector<std::thread> threads;
    for (int i = 0; i < waiters; ++i) {
      threads.emplace_back([&, i] {
        line.Arrive();
        WaitOnce(state, (round + i) % 3 == 0, &wrong);
        state->Unref();
      });
    }
    threads.emplace_back([&] {
      line.Arrive();
      state->Cancel();
      state->Unref();
    });
    line.Arrive();
    state->TaskEnded();
    g.reset();
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_EQ(wrong.load(), 0);
}

TEST(JoinStateStressTest, OneWaiterRacesTheEndItsDeadlineAndACancel) {
  RunParties(1);
}

TEST(JoinStateStressTest, TwoWaitersGatherWhileTheTaskEnds) { RunParties(2); }

}  // namespace
}  // namespace reveille::internal

#include "reveille/sync.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "scheduler/testing.h"

namespace reveille {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using testing::Await;
using testing::Start;
using testing::Unrescued;

class SyncTest : public ::testing::Test {
 protected:
  std::unique_ptr<Scheduler> s_ = Start(Unrescued(2));

  // So many of each kind of party wait with `make()`, and count themselves in
  // `woken` when they were woken with kReady.
  template <typename Make>
  void SpawnWaiters(int each, Make make, std::atomic<int>* woken) {
    for (int i = 0; i < each; ++i) {
      ASSERT_TRUE(s_->Spawn([make, woken]() -> Task<> {
                      if (co_await make() == Wake::kReady) woken->fetch_add(1);
                    }).ok());
      ASSERT_TRUE(s_->Spawn([make, woken] {
                      if (make().Block() == Wake::kReady) woken->fetch_add(1);
                    }).ok());
      outside_.emplace_back([make, woken] {
        if (make().Block() == Wake::kReady) woken->fetch_add(1);
      });
    }
  }
  void JoinAll() {
    for (std::thread& thread : outside_) thread.join();
    outside_.clear();
    EXPECT_TRUE(s_->Drain().ok());
  }
  std::vector<std::thread> outside_;
};

// --- Event
// ---------------------------------------------------------------------------

TEST_F(SyncTest, AnEventThatIsSetLetsPass) {
  Event event(true);
  EXPECT_TRUE(event.IsSet());
  EXPECT_EQ(event.Wait().Block(), Wake::kReady);
  event.Reset();
  EXPECT_FALSE(event.IsSet());
  EXPECT_EQ(event.Wait(Clock::now()).Block(), Wake::kTimedOut);
}

TEST_F(SyncTest, AnEventWakesClosuresCoroutinesAndThreadsOutside) {
  Event event;
  std::atomic<int> woken{0};
  SpawnWaiters(3, [&] { return event.Wait(); }, &woken);
  event.Set();
  JoinAll();
  EXPECT_EQ(woken.load(), 9);
}

TEST_F(SyncTest, AnEventWaitTimesOutOutsideAndInside) {
  Event event;
  const Deadline until = Clock::now() + milliseconds(2);
  EXPECT_EQ(event.Wait(until).Block(), Wake::kTimedOut);
  EXPECT_GE(Clock::now(), until);
  ASSERT_TRUE(s_->Spawn([&]() -> Task<> {
                  EXPECT_EQ(co_await event.Wait(Clock::now() + milliseconds(1)),
                            Wake::kTimedOut);
                }).ok());
  EXPECT_TRUE(s_->Drain().ok());
}

// Promise (sync.h): an object may be destroyed as soon as its last wait has
// returned. Each round destroys the event the moment that the waiter is back,
// while Set() may still be on its way out. Judged by the sanitizers.
TEST_F(SyncTest, AnEventMayBeDestroyedRightAfterTheWake) {
  for (int round = 0; round < testing::Rounds(5000); ++round) {
    auto event = std::make_unique<Event>();
    Event* raw = event.get();
    if (round % 2 == 0) {
      ASSERT_TRUE(s_->Spawn([raw] { raw->Set(); }).ok());
      (void)raw->Wait().Block();
      event.reset();
    } else {
      ASSERT_TRUE(s_->Spawn([e = std::move(event)]() mutable -> Task<> {
                      (void)co_await e->Wait();
                      e.reset();
                    }).ok());
      raw->Set();
    }
  }
  EXPECT_TRUE(s_->Drain().ok());
}

// --- Semaphore
// -------------------------------------------------------------------------

TEST_F(SyncTest, ASemaphoreCountsItsPermits) {
  Semaphore semaphore(2);
  EXPECT_TRUE(semaphore.TryAcquire());
  EXPECT_EQ(semaphore.Acquire().Block(), Wake::kReady);
  EXPECT_FALSE(semaphore.TryAcquire());
  EXPECT_EQ(semaphore.Acquire(Clock::now()).Block(), Wake::kTimedOut);
  semaphore.Release(3);
  EXPECT_EQ(semaphore.permits(), 3);
}

TEST_F(SyncTest, ASemaphoreWakesClosuresCoroutinesAndThreadsOutside) {
  Semaphore semaphore(0);
  std::atomic<int> woken{0};
  SpawnWaiters(3, [&] { return semaphore.Acquire(); }, &woken);
  semaphore.Release(4);
  for (int i = 0; i < 5; ++i) semaphore.Release();
  JoinAll();
  EXPECT_EQ(woken.load(), 9);
  EXPECT_EQ(semaphore.permits(), 0);
}

TEST_F(SyncTest, ASemaphoreServesFirstComeFirstServed) {
  auto s = Start(Unrescued(1));
  Semaphore semaphore(0);
  std::vector<int> order;
  std::atomic<int> waiting{0};
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(s->Spawn([&, i]() -> Task<> {
                   waiting.fetch_add(1);
                   (void)co_await semaphore.Acquire();
                   order.push_back(i);
                   semaphore.Release();
                 }).ok());
    Await([&] { return waiting.load() == i + 1; });
    // One P: when a later task has run, this one is parked.
    auto parked = s->SpawnJoinable([] {});
    (void)parked->Join().Block();
  }
  semaphore.Release();
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST_F(SyncTest, NoNewcomerOvertakesAWaiterOfASemaphore) {
  auto s = Start(Unrescued(1));
  Semaphore semaphore(0);
  std::atomic<bool> got{false};
  ASSERT_TRUE(s->Spawn([&]() -> Task<> {
                 (void)co_await semaphore.Acquire();
                 got.store(true);
               }).ok());
  auto parked = s->SpawnJoinable([] {});
  (void)parked->Join().Block();
  semaphore.Release();  // Handed over: nothing is left to take.
  EXPECT_FALSE(semaphore.TryAcquire());
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_TRUE(got.load());
}

// What a semaphore may get wrong when it is raced; the sum must show each.
enum class Bug {
  kNone,
  kALostRaceTakesAPermit,
  kAWakeTakesNone,
  kAReleaseIsLost
};

// The semaphore under test, behind a layer that may misbehave.
class TestedSemaphore {
 public:
  explicit TestedSemaphore(Bug bug) : bug_(bug) {}
  Task<bool> Acquire(Deadline deadline) {
    const Wake wake = co_await semaphore_.Acquire(deadline);
    const bool got = wake == Wake::kReady;
    if (!got && bug_ == Bug::kALostRaceTakesAPermit) semaphore_.TryAcquire();
    if (got && bug_ == Bug::kAWakeTakesNone) semaphore_.Release();
    co_return got;
  }
  void Release() {
    if (bug_ != Bug::kAReleaseIsLost || ++releases_ % 50 != 0) {
      semaphore_.Release();
    }
  }
  int64_t TakeAll() {
    int64_t left = 0;
    while (semaphore_.TryAcquire()) ++left;
    return left;
  }

 private:
  const Bug bug_;
  int releases_ = 0;
  Semaphore semaphore_{0};
};

// Two permits for three waiters, of which one has a deadline and two are
// cancelled at about the same time. False: permits given are not the sum of
// permits taken and permits left.
bool PermitsAddUp(Scheduler* s, TestedSemaphore* semaphore, int round) {
  std::atomic<int64_t> taken{0};
  std::vector<JoinHandle> jobs;
  const Deadline soon = Clock::now() + microseconds(round % 60);
  for (int i = 0; i < 3; ++i) {
    auto job = s->SpawnJoinable([&, i]() -> Task<> {
      const Deadline until = i == 0 ? soon : kNoDeadline;
      if (co_await semaphore->Acquire(until)) taken.fetch_add(1);
    });
    EXPECT_TRUE(job.ok());
    jobs.push_back(*std::move(job));
  }
  semaphore->Release();
  jobs[1].Cancel();
  semaphore->Release();
  jobs[2].Cancel();
  for (JoinHandle& job : jobs) (void)job.Join().Block();
  return taken.load() + semaphore->TakeAll() == 2;
}

// Promise: a waiter that is cancelled or times out takes no permit, and one
// that was given a permit has not been cancelled. Judged by the sum, round by
// round.
TEST_F(SyncTest, NoPermitIsLostToACancelOrADeadline) {
  TestedSemaphore semaphore(Bug::kNone);
  for (int round = 0; round < testing::Rounds(3000); ++round) {
    ASSERT_TRUE(PermitsAddUp(s_.get(), &semaphore, round));
  }
}

using Planted = testing::Named<Bug>;
class SemaphorePlantedTest : public ::testing::TestWithParam<Planted> {};
INSTANTIATE_TEST_SUITE_P(
    EachBug, SemaphorePlantedTest,
    ::testing::Values(Planted{"ALostRaceTakesAPermit",
                              Bug::kALostRaceTakesAPermit},
                      Planted{"AWakeTakesNone", Bug::kAWakeTakesNone},
                      Planted{"AReleaseIsLost", Bug::kAReleaseIsLost}),
    testing::kByName);

// Rounds until the bug has had its occasion.
TEST_P(SemaphorePlantedTest, IsSeenInTheSum) {
  auto s = Start(Unrescued(2));
  TestedSemaphore semaphore(GetParam().value);
  int round = 0;
  Await([&] { return !PermitsAddUp(s.get(), &semaphore, round++); });
}

// Promise: a semaphore with one permit excludes. Judged by a plain counter that
// ThreadSanitizer watches as well.
TEST_F(SyncTest, ASemaphoreOfOneExcludesAllKindsOfParties) {
  Semaphore semaphore(1);
  int count = 0;
  const int each = testing::Rounds(300);
  const auto add = [&] {
    for (int i = 0; i < each; ++i) {
      (void)semaphore.Acquire().Block();
      ++count;
      semaphore.Release();
    }
  };
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(s_->Spawn(add).ok());
    ASSERT_TRUE(s_->Spawn([&]() -> Task<> {
                    for (int j = 0; j < each; ++j) {
                      (void)co_await semaphore.Acquire();
                      ++count;
                      semaphore.Release();
                    }
                  }).ok());
    outside_.emplace_back(add);
  }
  JoinAll();
  EXPECT_EQ(count, 6 * each);
}

// --- WaitGroup
// ---------------------------------------------------------------------------

TEST_F(SyncTest, AWaitGroupOfNobodyLetsPass) {
  WaitGroup group;
  EXPECT_EQ(group.count(), 0);
  EXPECT_EQ(group.Wait().Block(), Wake::kReady);
}

TEST_F(SyncTest, AWaitGroupWakesClosuresCoroutinesAndThreadsOutside) {
  WaitGroup group(2);
  group.Add();
  std::atomic<int> woken{0};
  SpawnWaiters(3, [&] { return group.Wait(); }, &woken);
  group.Done();
  group.Done();
  EXPECT_EQ(woken.load(), 0);
  group.Done();
  JoinAll();
  EXPECT_EQ(woken.load(), 9);
}

TEST_F(SyncTest, AWaitGroupMayBeDestroyedRightAfterTheWake) {
  for (int round = 0; round < testing::Rounds(3000); ++round) {
    auto group = std::make_unique<WaitGroup>(3);
    WaitGroup* raw = group.get();
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(s_->Spawn([raw] { raw->Done(); }).ok());
    }
    (void)raw->Wait().Block();
    group.reset();
  }
  EXPECT_TRUE(s_->Drain().ok());
}

// --- WaitQueue
// ---------------------------------------------------------------------------

TEST_F(SyncTest, ReadyOfAnEmptyQueueWakesNobody) {
  WaitQueue queue;
  EXPECT_FALSE(queue.ReadyOne());
  EXPECT_EQ(queue.ReadyAll(), 0);
}

TEST_F(SyncTest, AParkWhosePredicateIsTrueDoesNotSleep) {
  WaitQueue queue;
  EXPECT_EQ(queue.Park([] { return true; }).Block(), Wake::kReady);
  EXPECT_FALSE(queue.ReadyOne());
}

TEST_F(SyncTest, ReadyOneWakesTheFirst) {
  auto s = Start(Unrescued(1));
  WaitQueue queue;
  std::vector<int> order;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(s->Spawn([&, i]() -> Task<> {
                   (void)co_await queue.Park();
                   order.push_back(i);
                 }).ok());
    auto parked = s->SpawnJoinable([] {});
    (void)parked->Join().Block();
  }
  EXPECT_TRUE(queue.ReadyOne());
  auto ran = s->SpawnJoinable([] {});
  (void)ran->Join().Block();
  EXPECT_EQ(order, (std::vector<int>{0}));
  EXPECT_EQ(queue.ReadyAll(), 2);
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
}

TEST_F(SyncTest, OneThatTimedOutIsPassedOver) {
  WaitQueue queue;
  EXPECT_EQ(queue.Park(nullptr, Clock::now()).Block(), Wake::kTimedOut);
  EXPECT_FALSE(queue.ReadyOne());
}

// Promise: "flag, then Ready" on one side and "Park unless flag" on the other
// never miss each other (the predicate runs under the queue's lock). Judged by
// every waiter of every round waking.
TEST_F(SyncTest, APredicateAndAReadyNeverMissEachOther) {
  for (int round = 0; round < testing::Rounds(3000); ++round) {
    WaitQueue queue;
    std::atomic<bool> flag{false};
    std::atomic<int> woken{0};
    ASSERT_TRUE(s_->Spawn([&]() -> Task<> {
                    (void)co_await queue.Park([&] { return flag.load(); });
                    woken.fetch_add(1);
                  }).ok());
    ASSERT_TRUE(s_->Spawn([&] {
                    (void)queue.Park([&] { return flag.load(); }).Block();
                    woken.fetch_add(1);
                  }).ok());
    flag.store(true);
    queue.ReadyAll();
    ASSERT_TRUE(s_->Drain().ok());
    ASSERT_EQ(woken.load(), 2);
  }
}

// The same without the predicate misses: shows that the test above has eyes.
TEST(WaitQueuePlantedTest, AReadyBeforeAParkWithoutPredicateIsMissed) {
  WaitQueue queue;
  EXPECT_EQ(queue.ReadyAll(), 0);
  EXPECT_EQ(queue.Park(nullptr, Clock::now() + milliseconds(1)).Block(),
            Wake::kTimedOut);
}

// --- Ping-pong
// -----------------------------------------------------------------------------

Task<> Bounce(Semaphore* mine, Semaphore* theirs, int rounds) {
  for (int i = 0; i < rounds; ++i) {
    (void)co_await mine->Acquire();
    theirs->Release();
  }
}

TEST_F(SyncTest, PingPongBetweenAllKindsOfPartiesLosesNoWake) {
  const int rounds = testing::Rounds(5000);
  Semaphore a(0);
  Semaphore b(0);
  ASSERT_TRUE(s_->Spawn(Bounce(&a, &b, 2 * rounds)).ok());
  ASSERT_TRUE(s_->Spawn([&] {
                  for (int i = 0; i < rounds; ++i) {
                    (void)b.Acquire().Block();
                    a.Release();
                  }
                }).ok());
  a.Release();
  Await([&] { return s_->GetStats().finished == 1; });
  for (int i = 0; i < rounds; ++i) {
    (void)b.Acquire().Block();
    if (i + 1 < rounds) a.Release();
  }
  EXPECT_TRUE(s_->Drain().ok());
}

// --- Misuse is said
// --------------------------------------------------------------------------

void DestroyAQueueWithAWaiter() {
  auto s = Start(Unrescued(1));
  auto queue = std::make_unique<WaitQueue>();
  (void)s->Spawn([&]() -> Task<> { (void)co_await queue->Park(); });
  auto parked = s->SpawnJoinable([] {});
  (void)parked->Join().Block();
  queue.reset();
}

TEST(SyncDeathTest, DestroyingAQueueWithAWaiterEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(DestroyAQueueWithAWaiter(),
               "WaitQueue is destroyed while tasks wait");
}

TEST(SyncDeathTest, AWaitGroupBelowZeroEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  WaitGroup group;
  EXPECT_DEATH(group.Done(), "counts from zero up");
  EXPECT_DEATH(group.Add(-1), "Add\\(\\) adds");
}

}  // namespace
}  // namespace reveille

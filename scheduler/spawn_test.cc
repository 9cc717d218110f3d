// Scheduler::Spawn(), SpawnJoinable(), Batch, JoinHandle, exceptions.
#include <array>
#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "scheduler/testing.h"

namespace reveille {
namespace {

using testing::Await;
using testing::Start;
using testing::Unrescued;

class SpawnTest : public ::testing::Test {
 protected:
  std::unique_ptr<Scheduler> s_ = Start(Unrescued(2));
};

// --- What can be spawned
// -------------------------------------------------------

TEST_F(SpawnTest, ASmallClosureRunsOnce) {
  std::atomic<int> ran{0};
  ASSERT_TRUE(s_->Spawn([&] { ran.fetch_add(1); }).ok());
  EXPECT_TRUE(s_->Drain().ok());
  EXPECT_EQ(ran.load(), 1);
}

TEST_F(SpawnTest, AClosureTooBigForItsRecordRunsOnce) {
  std::array<int, 1000> big{};
  big[999] = 42;
  std::atomic<int> seen{0};
  ASSERT_TRUE(s_->Spawn([big, &seen] { seen.store(big[999]); }).ok());
  EXPECT_TRUE(s_->Drain().ok());
  EXPECT_EQ(seen.load(), 42);
}

TEST_F(SpawnTest, AClosureMayBeMoveOnly) {
  auto owned = std::make_unique<int>(7);
  std::atomic<int> seen{0};
  ASSERT_TRUE(s_->Spawn([owned = std::move(owned), &seen] {
                  seen.store(*owned);
                }).ok());
  EXPECT_TRUE(s_->Drain().ok());
  EXPECT_EQ(seen.load(), 7);
}

TEST_F(SpawnTest, AClosureIsAlignedAsItAsks) {
  struct alignas(64) Aligned {
    std::atomic<bool>* ok;
    char rest[64];
    void operator()() const {
      ok->store(reinterpret_cast<uintptr_t>(this) % 64 == 0);
    }
  };
  std::atomic<bool> ok{false};
  ASSERT_TRUE(s_->Spawn(Aligned{&ok, {}}).ok());
  EXPECT_TRUE(s_->Drain().ok());
  EXPECT_TRUE(ok.load());
}

std::atomic<int> plain_calls{0};
void Plain() { plain_calls.fetch_add(1); }

TEST_F(SpawnTest, AFunctionAndAnLvalueAndAConstCallable) {
  std::atomic<int> ran{0};
  auto lvalue = [&ran] { ran.fetch_add(1); };
  const auto constant = lvalue;
  ASSERT_TRUE(s_->Spawn(lvalue).ok());
  ASSERT_TRUE(s_->Spawn(constant).ok());
  ASSERT_TRUE(s_->Spawn(Plain).ok());
  EXPECT_TRUE(s_->Drain().ok());
  EXPECT_EQ(ran.load(), 2);
  EXPECT_EQ(plain_calls.load(), 1);
}

TEST_F(SpawnTest, TheClosureIsDestroyedBeforeItsTaskIsOver) {
  auto token = std::make_shared<int>(0);
  auto job = s_->SpawnJoinable([token] {});
  ASSERT_TRUE(job.ok());
  (void)job->Join().Block();
  EXPECT_EQ(token.use_count(), 1);
}

TEST_F(SpawnTest, AThrowingCopyLeavesNothingBehind) {
  struct Thrower {
    Thrower() = default;
    Thrower(const Thrower&) { throw std::runtime_error("copy"); }
    void operator()() const {}
  };
  const Thrower thrower;
  EXPECT_THROW((void)s_->Spawn(thrower), std::runtime_error);
  EXPECT_THROW((void)s_->SpawnJoinable(thrower), std::runtime_error);
  EXPECT_TRUE(s_->Drain().ok());
  EXPECT_EQ(s_->Shutdown().finished, 0u);
}

// --- From where
// ------------------------------------------------------------------

TEST_F(SpawnTest, FromInsideATask) {
  std::atomic<int> ran{0};
  ASSERT_TRUE(s_->Spawn([&] {
                  for (int i = 0; i < 1000; ++i) {
                    EXPECT_TRUE(s_->Spawn([&] { ran.fetch_add(1); }).ok());
                  }
                }).ok());
  EXPECT_TRUE(s_->Drain().ok());
  EXPECT_EQ(ran.load(), 1000);
}

TEST_F(SpawnTest, FromInsideABlockingSection) {
  std::atomic<int> ran{0};
  ASSERT_TRUE(s_->Spawn([&] {
                  BlockingSection blocking;
                  EXPECT_TRUE(s_->Spawn([&] { ran.fetch_add(1); }).ok());
                  Await([&] { return ran.load() == 1; });
                }).ok());
  EXPECT_TRUE(s_->Drain().ok());
}

TEST_F(SpawnTest, FromManyThreadsAtOnceEachTaskRunsExactlyOnce) {
  constexpr int kThreads = 4;
  const int each = testing::Rounds(20'000);
  std::vector<std::atomic<int>> runs(static_cast<size_t>(kThreads * each));
  std::vector<std::thread> threads;
  testing::StartLine line(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      line.Arrive();
      for (int i = 0; i < each; ++i) {
        auto& run = runs[static_cast<size_t>(t) * static_cast<size_t>(each) +
                         static_cast<size_t>(i)];
        ASSERT_TRUE(s_->Spawn([&run] { run.fetch_add(1); }).ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(s_->Drain().ok());
  for (const auto& run : runs) ASSERT_EQ(run.load(), 1);
}

// A tree of tasks, each of which spawns two: fills the queues over their brim.
void Grow(Scheduler* s, int depth, std::atomic<int>* leaves) {
  if (depth == 0) {
    leaves->fetch_add(1);
    return;
  }
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(s->Spawn([=] { Grow(s, depth - 1, leaves); }).ok());
  }
}

TEST_F(SpawnTest, ATreeOfTasksHasAllItsLeaves) {
  std::atomic<int> leaves{0};
  ASSERT_TRUE(s_->Spawn([&] { Grow(s_.get(), 14, &leaves); }).ok());
  EXPECT_TRUE(s_->Drain().ok());
  EXPECT_EQ(leaves.load(), 1 << 14);
}

// --- Names and ids
// ---------------------------------------------------------------

TEST_F(SpawnTest, ATaskKnowsItsNameAndHasAnIdOfItsOwn) {
  std::string name;
  uint64_t id = 0;
  uint64_t again = 0;
  uint64_t other = 0;
  ASSERT_TRUE(s_->Spawn(
                    [&] {
                      name = Scheduler::CurrentTaskName();
                      id = Scheduler::CurrentTaskId();
                      again = Scheduler::CurrentTaskId();
                    },
                    {.name = "worker"})
                  .ok());
  ASSERT_TRUE(s_->Spawn([&] { other = Scheduler::CurrentTaskId(); }).ok());
  EXPECT_TRUE(s_->Drain().ok());
  EXPECT_EQ(name, "worker");
  EXPECT_NE(id, 0u);
  EXPECT_EQ(id, again);
  EXPECT_NE(id, other);
}

TEST_F(SpawnTest, OutsideThereIsNeitherNameNorId) {
  EXPECT_EQ(Scheduler::CurrentTaskId(), 0u);
  EXPECT_STREQ(Scheduler::CurrentTaskName(), "");
}

TEST_F(SpawnTest, ARecycledRecordKeepsNothingOfItsLastTask) {
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE(
        s_->Spawn([] { (void)Scheduler::CurrentTaskId(); }, {.name = "named"})
            .ok());
    auto job = s_->SpawnJoinable([]() -> Task<> { co_await Yield(); });
    ASSERT_TRUE(job.ok());
    job->Cancel();
    ASSERT_TRUE(s_->Drain().ok());
    std::string name = "unset";
    Wake wake = Wake::kReady;
    ASSERT_TRUE(s_->Spawn([&] {
                    name = Scheduler::CurrentTaskName();
                    wake = SleepFor(std::chrono::nanoseconds(1)).Block();
                  }).ok());
    ASSERT_TRUE(s_->Drain().ok());
    ASSERT_EQ(name, "");
    ASSERT_EQ(wake, Wake::kTimedOut);
  }
}

// --- Exceptions
// ------------------------------------------------------------------

struct Seen {
  std::atomic<int> count{0};
  std::string name;
  uint64_t id = 0;
  std::string what;
  Options Handling(int procs) {
    Options options = Unrescued(procs);
    options.on_exception = [this](const TaskFailure& failure) {
      name = failure.name;
      id = failure.id;
      try {
        std::rethrow_exception(failure.exception);
      } catch (const std::exception& e) {
        what = e.what();
      }
      count.fetch_add(1);
    };
    return options;
  }
};

TEST(ExceptionTest, OfAClosureGoesToTheHandlerWithItsTask) {
  Seen seen;
  auto s = Start(seen.Handling(1));
  ASSERT_TRUE(
      s->Spawn([] { throw std::runtime_error("boom"); }, {.name = "thrower"})
          .ok());
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_EQ(seen.count.load(), 1);
  EXPECT_EQ(seen.name, "thrower");
  EXPECT_NE(seen.id, 0u);
  EXPECT_EQ(seen.what, "boom");
}

TEST(ExceptionTest, OfACoroutineGoesToTheHandlerWithItsTask) {
  Seen seen;
  auto s = Start(seen.Handling(1));
  ASSERT_TRUE(s->Spawn(
                   []() -> Task<> {
                     co_await Yield();
                     throw std::runtime_error("late");
                   },
                   {.name = "thrower"})
                  .ok());
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_EQ(seen.count.load(), 1);
  EXPECT_EQ(seen.name, "thrower");
  EXPECT_EQ(seen.what, "late");
}

TEST(ExceptionTest, TheWorkerGoesOnAfterwards) {
  Seen seen;
  auto s = Start(seen.Handling(1));
  std::atomic<int> ran{0};
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(s->Spawn([&, i] {
                   if (i % 2 == 0) throw std::runtime_error("even");
                   ran.fetch_add(1);
                 }).ok());
  }
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_EQ(ran.load(), 50);
  EXPECT_EQ(seen.count.load(), 50);
}

TEST(ExceptionTest, JoinersOfATaskThatThrewAreWoken) {
  Seen seen;
  auto s = Start(seen.Handling(1));
  auto job = s->SpawnJoinable([] { throw std::runtime_error("boom"); });
  ASSERT_TRUE(job.ok());
  EXPECT_EQ(job->Join().Block(), Wake::kReady);
  EXPECT_EQ(seen.count.load(), 1);
}

void ThrowWithoutHandler(bool coroutine) {
  auto s = Start(Unrescued(1));
  if (coroutine) {
    (void)s->Spawn(
        []() -> Task<> {
          co_await Yield();
          throw std::runtime_error("boom");
        },
        {.name = "culprit"});
  } else {
    (void)s->Spawn([] { throw std::runtime_error("boom"); },
                   {.name = "culprit"});
  }
  (void)s->Drain();
}

TEST(ExceptionDeathTest, WithoutAHandlerTheProcessEndsAndNamesTheTask) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(ThrowWithoutHandler(false), "exception left task .*culprit");
  EXPECT_DEATH(ThrowWithoutHandler(true), "exception left task .*culprit");
}

// --- Join handles
// ------------------------------------------------------------------

TEST_F(SpawnTest, JoinWaitsForTheEnd) {
  std::atomic<bool> release{false};
  std::atomic<bool> ended{false};
  auto job = s_->SpawnJoinable([&] {
    Await([&] { return release.load(); });
    ended.store(true);
  });
  ASSERT_TRUE(job.ok());
  EXPECT_FALSE(job->Done());
  release.store(true);
  EXPECT_EQ(job->Join().Block(), Wake::kReady);
  EXPECT_TRUE(ended.load());
  EXPECT_TRUE(job->Done());
  EXPECT_EQ(job->Join().Block(), Wake::kReady);
}

TEST_F(SpawnTest, JoinFromClosuresCoroutinesAndOutsideAtOnce) {
  Event go;
  auto job = s_->SpawnJoinable([&]() -> Task<> { (void)co_await go.Wait(); });
  ASSERT_TRUE(job.ok());
  std::atomic<int> joined{0};
  ASSERT_TRUE(s_->Spawn([&, handle = *job]() mutable {
                  (void)handle.Join().Block();
                  joined.fetch_add(1);
                }).ok());
  ASSERT_TRUE(s_->Spawn([&, handle = *job]() mutable -> Task<> {
                  (void)co_await handle.Join();
                  joined.fetch_add(1);
                }).ok());
  std::thread outside([&] {
    (void)job->Join().Block();
    joined.fetch_add(1);
  });
  go.Set();
  outside.join();
  EXPECT_TRUE(s_->Drain().ok());
  EXPECT_EQ(joined.load(), 3);
}

TEST_F(SpawnTest, JoinTellsThatItsDeadlineCameFirst) {
  Event go;
  auto job = s_->SpawnJoinable([&]() -> Task<> { (void)co_await go.Wait(); });
  ASSERT_TRUE(job.ok());
  EXPECT_EQ(job->Join(Clock::now()).Block(), Wake::kTimedOut);
  go.Set();
  EXPECT_EQ(job->Join().Block(), Wake::kReady);
}

TEST_F(SpawnTest, HandlesMayBeCopiedMovedDroppedAndOutliveTheScheduler) {
  auto job = s_->SpawnJoinable([] {});
  ASSERT_TRUE(job.ok());
  JoinHandle copy = *job;
  JoinHandle moved = std::move(*job);
  JoinHandle assigned;
  assigned = copy;
  copy = JoinHandle();
  s_.reset();
  EXPECT_TRUE(moved.Done());
  EXPECT_TRUE(assigned.Done());
  EXPECT_EQ(assigned.Join().Block(), Wake::kReady);
  moved.Cancel();
}

TEST_F(SpawnTest, ADroppedHandleLetsItsTaskRun) {
  std::atomic<bool> ran{false};
  {
    ASSERT_TRUE(s_->SpawnJoinable([&] { ran.store(true); }).ok());
  }
  EXPECT_TRUE(s_->Drain().ok());
  EXPECT_TRUE(ran.load());
}

TEST_F(SpawnTest, CancelBeforeItsFirstWaitIsFoundThere) {
  std::atomic<bool> cancelled{false};
  Wake first = Wake::kReady;
  Wake second = Wake::kReady;
  auto job = s_->SpawnJoinable([&] {
    Await([&] { return cancelled.load(); });
    first = SleepFor(std::chrono::hours(1)).Block();
    Event never;
    second = never.Wait().Block();
  });
  ASSERT_TRUE(job.ok());
  job->Cancel();
  job->Cancel();
  cancelled.store(true);
  EXPECT_EQ(job->Join().Block(), Wake::kReady);
  EXPECT_EQ(first, Wake::kCancelled);
  EXPECT_EQ(second, Wake::kCancelled);
}

TEST_F(SpawnTest, CancelDoesNotReachChildren) {
  Wake child = Wake::kCancelled;
  Event spawned;
  Event never;
  Event go;
  auto job = s_->SpawnJoinable([&]() -> Task<> {
    EXPECT_TRUE(
        s_->Spawn([&]() -> Task<> { child = co_await go.Wait(); }).ok());
    spawned.Set();
    EXPECT_EQ(co_await never.Wait(), Wake::kCancelled);
  });
  ASSERT_TRUE(job.ok());
  (void)spawned.Wait().Block();
  job->Cancel();
  (void)job->Join().Block();
  go.Set();
  EXPECT_TRUE(s_->Drain().ok());
  EXPECT_EQ(child, Wake::kReady);
}

// Promise: Cancel() may come at any moment of the task's life, also when it is
// over and its record belongs to another task, which it must not reach. Judged
// by a bystander's sleep that is never cancelled, and by the sanitizers.
TEST_F(SpawnTest, CancelOfATaskThatEndsReachesNoOtherTask) {
  for (int round = 0; round < testing::Rounds(3000); ++round) {
    auto job = s_->SpawnJoinable([]() -> Task<> { co_await Yield(); });
    ASSERT_TRUE(job.ok());
    Wake bystander = Wake::kReady;
    ASSERT_TRUE(s_->Spawn([&]() -> Task<> {
                    bystander = co_await SleepFor(std::chrono::microseconds(1));
                  }).ok());
    job->Cancel();
    ASSERT_TRUE(s_->Drain().ok());
    ASSERT_EQ(bystander, Wake::kTimedOut);
  }
}

TEST(JoinHandleDeathTest, JoinOfAnEmptyHandleEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  JoinHandle empty;
  EXPECT_DEATH((void)empty.Join(), "empty JoinHandle");
}

// --- Batches
// ---------------------------------------------------------------------

TEST_F(SpawnTest, ABatchRunsAllOfItsTasksOnce) {
  std::atomic<int> ran{0};
  Batch batch(s_.get());
  for (int i = 0; i < 1000; ++i) batch.Add([&] { ran.fetch_add(1); });
  batch.Add([&]() -> Task<> {
    co_await Yield();
    ran.fetch_add(1);
  });
  EXPECT_EQ(batch.size(), 1001);
  EXPECT_TRUE(batch.Spawn().ok());
  EXPECT_EQ(batch.size(), 0);
  EXPECT_TRUE(s_->Drain().ok());
  EXPECT_EQ(ran.load(), 1001);
}

TEST_F(SpawnTest, ABatchMayBeFilledAgain) {
  std::atomic<int> ran{0};
  Batch batch(s_.get());
  for (int round = 0; round < 3; ++round) {
    batch.Add([&] { ran.fetch_add(1); });
    EXPECT_TRUE(batch.Spawn().ok());
  }
  EXPECT_TRUE(s_->Drain().ok());
  EXPECT_EQ(ran.load(), 3);
}

TEST_F(SpawnTest, AnEmptyBatchIsNoWork) {
  Batch batch(s_.get());
  EXPECT_TRUE(batch.Spawn().ok());
  EXPECT_TRUE(s_->Drain().ok());
}

TEST_F(SpawnTest, ABatchThatIsNotSpawnedIsDestroyedUnrun) {
  auto token = std::make_shared<int>(0);
  {
    Batch batch(s_.get());
    batch.Add([token] { ADD_FAILURE(); });
    batch.Add([token]() -> Task<> {
      ADD_FAILURE();
      co_return;
    });
  }
  EXPECT_EQ(token.use_count(), 1);
}

TEST_F(SpawnTest, ABatchFromInsideATask) {
  std::atomic<int> ran{0};
  ASSERT_TRUE(s_->Spawn([&] {
                  Batch batch(s_.get());
                  for (int i = 0; i < 600; ++i) {
                    batch.Add([&] { ran.fetch_add(1); },
                              {.idle_priority = i % 7 == 0});
                  }
                  EXPECT_TRUE(batch.Spawn().ok());
                }).ok());
  EXPECT_TRUE(s_->Drain().ok());
  EXPECT_EQ(ran.load(), 600);
}

}  // namespace
}  // namespace reveille

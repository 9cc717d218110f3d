// ThreadLock: a task that is bound to its thread.
#include <sys/prctl.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <set>
#include <thread>

#include "scheduler/testing.h"

namespace reveille {
namespace {

using std::chrono::microseconds;
using testing::Await;
using testing::Start;
using testing::Unrescued;

class ThreadLockTest : public ::testing::Test {
 protected:
  std::unique_ptr<Scheduler> s_ = Start(Unrescued(2));
};

TEST_F(ThreadLockTest, OutsideOfATaskItDoesNothing) {
  ThreadLock lock;
  lock.DiscardThread();
}

// Others run on whatever thread is free meanwhile, so that a task that is not
// bound would move.
TEST_F(ThreadLockTest, ALockedCoroutineResumesOnTheSameThreadEachTime) {
  std::atomic<bool> done{false};
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(s_->Spawn([&]() -> Task<> {
                    while (!done.load()) co_await Yield();
                  }).ok());
  }
  ASSERT_TRUE(s_->Spawn([&]() -> Task<> {
                  ThreadLock lock;
                  const int tid = gettid();
                  for (int i = 0; i < testing::Rounds(500); ++i) {
                    co_await Yield();
                    EXPECT_EQ(gettid(), tid);
                    if (i % 50 == 0) {
                      co_await SleepFor(microseconds(10));
                      EXPECT_EQ(gettid(), tid);
                    }
                  }
                  done.store(true);
                }).ok());
  EXPECT_TRUE(s_->Drain().ok());
}

TEST_F(ThreadLockTest, NothingElseRunsOnTheThreadOfALockedTask) {
  std::atomic<int> locked_tid{0};
  std::atomic<int> trespassers{0};
  Event release;
  ASSERT_TRUE(s_->Spawn([&]() -> Task<> {
                  ThreadLock lock;
                  locked_tid.store(gettid());
                  (void)co_await release.Wait();
                  EXPECT_EQ(gettid(), locked_tid.load());
                }).ok());
  Await([&] { return s_->GetStats().locked_idle_threads == 1; });
  WaitGroup others(1000);
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(s_->Spawn([&] {
                    trespassers.fetch_add(gettid() == locked_tid.load());
                    others.Done();
                  }).ok());
  }
  // All of them: once released, the thread is anybody's again.
  (void)others.Wait().Block();
  release.Set();
  EXPECT_TRUE(s_->Drain().ok());
  EXPECT_EQ(trespassers.load(), 0);
}

TEST_F(ThreadLockTest, LocksNest) {
  ASSERT_TRUE(s_->Spawn([&]() -> Task<> {
                  ThreadLock outer;
                  const int tid = gettid();
                  {
                    ThreadLock inner;
                    co_await Yield();
                  }
                  for (int i = 0; i < 20; ++i) {
                    co_await SleepFor(microseconds(1));
                    EXPECT_EQ(gettid(), tid);
                  }
                }).ok());
  EXPECT_TRUE(s_->Drain().ok());
}

TEST_F(ThreadLockTest, AfterTheLockTheThreadIsAnybodys) {
  auto s = Start(Unrescued(1));
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(s->Spawn([&]() -> Task<> {
                   {
                     ThreadLock lock;
                     co_await Yield();
                   }
                   co_await Yield();
                 }).ok());
  }
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_EQ(s->GetStats().locked_idle_threads, 0);
}

TEST_F(ThreadLockTest, LockedClosuresBlockAndYield) {
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(s_->Spawn([&] {
                    ThreadLock lock;
                    const int tid = gettid();
                    Yield().Block();
                    (void)SleepFor(microseconds(10)).Block();
                    {
                      BlockingSection blocking;
                    }
                    EXPECT_EQ(gettid(), tid);
                  }).ok());
  }
  EXPECT_TRUE(s_->Drain().ok());
}

TEST_F(ThreadLockTest, ALockedCoroutineMayBlockInASection) {
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(s_->Spawn([&]() -> Task<> {
                    ThreadLock lock;
                    co_await Yield();
                    {
                      BlockingSection blocking(BlockingSection::Expect::kLong);
                      std::this_thread::yield();
                    }
                    co_await Yield();
                  }).ok());
  }
  EXPECT_TRUE(s_->Drain().ok());
}

// A thread-local object whose destructor tells that its thread has ended.
struct EndOfThread {
  std::atomic<bool>* ended = nullptr;
  ~EndOfThread() {
    if (ended != nullptr) ended->store(true);
  }
};
thread_local EndOfThread end_of_thread;

TEST_F(ThreadLockTest, ADiscardedThreadEndsAndWorkGoesOn) {
  auto s = Start(Unrescued(1));
  std::atomic<bool> ended{false};
  std::atomic<int> ran{0};
  ASSERT_TRUE(s->Spawn([&] {
                 for (int i = 0; i < 10; ++i) {
                   EXPECT_TRUE(s->Spawn([&] { ran.fetch_add(1); }).ok());
                 }
                 ThreadLock lock;
                 lock.DiscardThread();
                 end_of_thread.ended = &ended;
               }).ok());
  Await([&] { return ended.load(); });
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_EQ(ran.load(), 10);
  ASSERT_TRUE(s->Spawn([&] { ran.fetch_add(1); }).ok());
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_EQ(ran.load(), 11);
}

TEST_F(ThreadLockTest, ADiscardedThreadKeepsItsTaskToTheEnd) {
  std::atomic<bool> ended{false};
  ASSERT_TRUE(s_->Spawn([&]() -> Task<> {
                  const int tid = gettid();
                  {
                    ThreadLock lock;
                    lock.DiscardThread();
                    end_of_thread.ended = &ended;
                  }
                  for (int i = 0; i < 20; ++i) {
                    co_await Yield();
                    EXPECT_EQ(gettid(), tid);
                  }
                  EXPECT_FALSE(ended.load());
                }).ok());
  EXPECT_TRUE(s_->Drain().ok());
  Await([&] { return ended.load(); });
}

// With four slots for threads, each of which is used again and again.
TEST_F(ThreadLockTest, ThreadsMayBeDiscardedByTheHundred) {
  Options options = Unrescued(2);
  options.max_threads = 4;
  auto s = Start(options);
  std::atomic<int> ran{0};
  const int n = testing::Rounds(300);
  for (int i = 0; i < n; ++i) {
    ASSERT_TRUE(s->Spawn([&] {
                   ThreadLock lock;
                   lock.DiscardThread();
                   ran.fetch_add(1);
                 }).ok());
  }
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_EQ(ran.load(), n);
  EXPECT_LE(s->GetStats().ms.size(), size_t{4});
}

TEST_F(ThreadLockTest, ALockedTaskIsAbandonedByShutdownLikeAnyOther) {
  Event never;
  ASSERT_TRUE(s_->Spawn([&]() -> Task<> {
                  ThreadLock lock;
                  (void)co_await never.Wait();
                }).ok());
  Await([&] { return s_->GetStats().locked_idle_threads == 1; });
  EXPECT_EQ(s_->Shutdown(Clock::now()).dropped, 1u);
}

// Promise: P locked tasks and P others that all yield share the Ps without
// loss. Judged by each task's own count of turns.
TEST_F(ThreadLockTest, LockedAndFreeTasksShareThePs) {
  std::atomic<int> turns{0};
  const int each = testing::Rounds(500);
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(s_->Spawn([&, i]() -> Task<> {
                    std::unique_ptr<ThreadLock> lock;
                    if (i % 2 == 0) lock = std::make_unique<ThreadLock>();
                    for (int j = 0; j < each; ++j) {
                      turns.fetch_add(1);
                      co_await Yield();
                    }
                  }).ok());
  }
  EXPECT_TRUE(s_->Drain().ok());
  EXPECT_EQ(turns.load(), 8 * each);
}

}  // namespace
}  // namespace reveille

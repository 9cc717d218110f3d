// Fewer threads than the work would like: max_threads is reached, or the system
// gives no more. The promise (Options::max_threads): work waits for a thread to
// come back, and none is lost.
#include <pthread.h>
#include <time.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "scheduler/testing.h"

namespace reveille {
namespace {

using std::chrono::milliseconds;
using testing::Await;
using testing::kByName;
using testing::Named;
using testing::Rescued;
using testing::SocketPair;
using testing::Start;
using testing::Unrescued;

Options Threads(int max_threads, int procs) {
  Options options = Unrescued(procs);
  options.max_threads = max_threads;
  return options;
}

// While it lives, pthread_create() fails: the default stack is larger than the
// address space. Unlike a limit of processes this binds root as well.
class NoThreadsToBeHad {
 public:
  NoThreadsToBeHad() {
    pthread_getattr_default_np(&before_);
    pthread_attr_t huge;
    pthread_attr_init(&huge);
    EXPECT_EQ(pthread_attr_setstacksize(&huge, size_t{1} << 47), 0);
    EXPECT_EQ(pthread_setattr_default_np(&huge), 0);
    pthread_attr_destroy(&huge);
  }
  ~NoThreadsToBeHad() {
    EXPECT_EQ(pthread_setattr_default_np(&before_), 0);
    pthread_attr_destroy(&before_);
  }

 private:
  pthread_attr_t before_;
};

// The one thread that Create() made has come to rest. A submission before would
// create a second one, which may come late and do what the first one cannot.
void AwaitOneThreadAtRest(const Scheduler& s) {
  Await([&] {
    const Stats stats = s.GetStats();
    return stats.threads == 1 && stats.idle_threads == 1;
  });
}

// Until the system has refused a thread, and for long enough after it that
// sysmon takes the idle Ps for a rest.
void AwaitRefusalAndRest(const Scheduler& s) {
  Await([&] { return s.GetStats().thread_failures != 0; });
  std::this_thread::sleep_for(milliseconds(100));
}

TEST(ExhaustionTest, TheFixtureReallyKeepsThreadsFromBeingCreated) {
  NoThreadsToBeHad none;
  pthread_t thread;
  EXPECT_NE(
      pthread_create(
          &thread, nullptr, [](void*) -> void* { return nullptr; }, nullptr),
      0);
}

TEST(ExhaustionTest, CreateWithoutAThreadSaysWhichLimit) {
  NoThreadsToBeHad none;
  const auto created = Scheduler::Create(Unrescued(1));
  ASSERT_FALSE(created.ok());
  EXPECT_EQ(created.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_NE(created.status().message().find("thread"), std::string::npos)
      << created.status();
}

TEST(ExhaustionTest, OneThreadRunsTheWorkOfManyPs) {
  auto s = Start(Threads(1, 8));
  std::atomic<int> ran{0};
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(s->Spawn([&] { ran.fetch_add(1); }).ok());
  }
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_EQ(ran.load(), 1000);
  EXPECT_LE(s->GetStats().threads, 1);
}

TEST(ExhaustionTest, ThreadsThatCannotBeCreatedLaterMeanFewerMsNotLostWork) {
  auto s = Start(Unrescued(4));
  NoThreadsToBeHad none;
  std::atomic<int> ran{0};
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(s->Spawn([&] { ran.fetch_add(1); }).ok());
  }
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_EQ(ran.load(), 1000);
  EXPECT_EQ(s->GetStats().threads, 1);
  EXPECT_GT(s->GetStats().thread_failures, 0u);
}

// The one thread may be asleep in the poller when the work comes.
TEST(ExhaustionTest, TheOnlyThreadLeavesThePollerForNewWork) {
  auto s = Start(Threads(1, 1));
  SocketPair pair;
  ASSERT_TRUE(
      s->Spawn([&]() -> Task<> { co_await WaitReadable(pair.near()); }).ok());
  Await([&] { return s->GetStats().poller; });
  std::atomic<bool> ran{false};
  ASSERT_TRUE(s->Spawn([&] { ran.store(true); }).ok());
  Await([&] { return ran.load(); });
  pair.WriteFar();
  EXPECT_TRUE(s->Drain().ok());
}

TEST(ExhaustionTest, AClosureThatSleepsOnTheOnlyThreadWakesUp) {
  auto s = Start(Threads(1, 1));
  std::atomic<int> woken{0};
  ASSERT_TRUE(s->Spawn([&] {
                 EXPECT_EQ(SleepFor(milliseconds(1)).Block(), Wake::kTimedOut);
                 woken.fetch_add(1);
               }).ok());
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_EQ(woken.load(), 1);
}

TEST(ExhaustionTest, ClosuresThatSleepOnAllThreadsWakeUp) {
  auto s = Start(Threads(2, 2));
  std::atomic<int> woken{0};
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(s->Spawn([&] {
                   (void)SleepFor(milliseconds(1)).Block();
                   woken.fetch_add(1);
                 }).ok());
  }
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_EQ(woken.load(), 10);
}

TEST(ExhaustionTest, AClosureThatWaitsForADescriptorOnTheOnlyThreadWakesUp) {
  auto s = Start(Threads(1, 1));
  SocketPair pair;
  std::atomic<bool> waits{false};
  ASSERT_TRUE(s->Spawn([&] {
                 waits.store(true);
                 EXPECT_EQ(WaitReadable(pair.near()).Block(), Wake::kReady);
               }).ok());
  Await([&] { return waits.load(); });
  pair.WriteFar();
  EXPECT_TRUE(s->Drain().ok());
}

TEST(ExhaustionTest, AClosureThatWaitsForAnEventOnTheOnlyThreadWakesUp) {
  auto s = Start(Threads(1, 1));
  Event event;
  ASSERT_TRUE(s->Spawn([&] { (void)event.Wait().Block(); }).ok());
  Await([&] { return s->GetStats().locked_idle_threads == 1; });
  event.Set();
  EXPECT_TRUE(s->Drain().ok());
}

TEST(ExhaustionTest, AnIdlePriorityClosureThatWaitedOnTheOnlyThreadWakesUp) {
  auto s = Start(Threads(1, 1));
  Event event;
  ASSERT_TRUE(
      s->Spawn([&] { (void)event.Wait().Block(); }, {.idle_priority = true})
          .ok());
  Await([&] { return s->GetStats().locked_idle_threads == 1; });
  event.Set();
  EXPECT_TRUE(s->Drain().ok());
}

TEST(ExhaustionTest, BlockedClosuresUpToTheLimitThenWorkGoesOn) {
  auto s = Start(Threads(2, 2));
  Event event;
  std::atomic<int> blocked{0};
  std::atomic<int> ran{0};
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(s->Spawn([&] {
                   blocked.fetch_add(1);
                   (void)event.Wait().Block();
                 }).ok());
  }
  Await([&] { return blocked.load() == 2; });
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(s->Spawn([&] { ran.fetch_add(1); }).ok());
  }
  event.Set();
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_EQ(ran.load(), 100);
}

TEST(ExhaustionTest, ADiscardedThreadAtTheLimitIsReplacedForWhatIsQueued) {
  auto s = Start(Threads(1, 1));
  std::atomic<bool> ran{false};
  ASSERT_TRUE(s->Spawn([&] {
                 ThreadLock lock;
                 lock.DiscardThread();
                 EXPECT_TRUE(s->Spawn([&] { ran.store(true); }).ok());
               }).ok());
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_TRUE(ran.load());
}

// The last thread ends, and the system refuses another for a while. Nobody
// submits anything afterwards.
class LastThreadTest : public ::testing::TestWithParam<Named<bool>> {};

TEST_P(LastThreadTest, IsReplacedOnceThereAreThreadsAgain) {
  auto s = Start(GetParam().value ? Rescued(1) : Unrescued(1));
  AwaitOneThreadAtRest(*s);
  std::atomic<bool> ran{false};
  {
    std::atomic<bool> refused{false};
    ASSERT_TRUE(s->Spawn([&] {
                   Await([&] { return refused.load(); });
                   ThreadLock lock;
                   lock.DiscardThread();
                   EXPECT_TRUE(s->Spawn([&] { ran.store(true); }).ok());
                 }).ok());
    const NoThreadsToBeHad none;
    refused.store(true);
    AwaitRefusalAndRest(*s);
    EXPECT_FALSE(ran.load());
  }
  Await([&] { return ran.load(); });
  EXPECT_TRUE(s->Drain().ok());
}

INSTANTIATE_TEST_SUITE_P(Exhaustion, LastThreadTest,
                         ::testing::Values(Named<bool>{"Unrescued", false},
                                           Named<bool>{"Rescued", true}),
                         kByName);

// Shutdown() waits until no thread is left. Those that were never to be had
// gave their slots back and have no end of their own to tell it of.
TEST(ExhaustionTest, TheEndIsReachedWhileThreadsAreReplacedAndRefused) {
  for (int round = 0; round < testing::Rounds(200); ++round) {
    auto s = Start(Unrescued(3));
    for (int i = 0; i < 6; ++i) {
      ASSERT_TRUE(s->Spawn([] {
                     ThreadLock lock;
                     lock.DiscardThread();
                   }).ok());
      const NoThreadsToBeHad none;
      for (int look = 0; look < round % 8; ++look) std::this_thread::yield();
    }
    EXPECT_EQ(s->Shutdown().finished, 6u);
  }
}

// The only thread blocks on what is queued behind it. sysmon tries again,
// though every P is idle.
TEST(ExhaustionTest, SysmonFindsAThreadForWhatABlockedOneWaitsFor) {
  auto s = Start(Rescued(1));
  AwaitOneThreadAtRest(*s);
  std::atomic<bool> refused{false};
  std::atomic<bool> ran{false};
  ASSERT_TRUE(s->Spawn([&] {
                 Await([&] { return refused.load(); });
                 EXPECT_TRUE(s->Spawn([&] { ran.store(true); }).ok());
                 const BlockingSection blocking(BlockingSection::Expect::kLong);
                 Await([&] { return ran.load(); });
               }).ok());
  {
    const NoThreadsToBeHad none;
    refused.store(true);
    AwaitRefusalAndRest(*s);
    EXPECT_FALSE(ran.load());
  }
  EXPECT_TRUE(s->Drain().ok());
}

// The world is stopped at the next safe points; entering a blocking section is
// one, even if no thread is left to take the P.
TEST(ExhaustionTest, ABlockingSectionIsASafePointWithoutAThreadToHandOffTo) {
  auto s = Start(Threads(1, 1));
  std::atomic<bool> running{false};
  std::atomic<bool> resized{false};
  ASSERT_TRUE(s->Spawn([&] {
                 EXPECT_TRUE(s->Spawn([] {}).ok());
                 running.store(true);
                 Await([] { return PreemptRequested(); });
                 BlockingSection blocking(BlockingSection::Expect::kLong);
                 Await([&] { return resized.load(); });
               }).ok());
  Await([&] { return running.load(); });
  EXPECT_TRUE(s->SetMaxProcs(2).ok());
  resized.store(true);
  EXPECT_TRUE(s->Drain().ok());
}

TEST(ExhaustionTest, AYieldIsASafePointWithoutAThreadToHandOffTo) {
  auto s = Start(Threads(1, 1));
  std::atomic<bool> running{false};
  std::atomic<bool> resized{false};
  ASSERT_TRUE(s->Spawn([&] {
                 running.store(true);
                 while (!resized.load()) Yield().Block();
               }).ok());
  Await([&] { return running.load(); });
  EXPECT_TRUE(s->SetMaxProcs(2).ok());
  s->ReleaseMemory();
  resized.store(true);
  EXPECT_TRUE(s->Drain().ok());
}

// Two closures hold both threads and sleep. The one whose thread served the
// timers meanwhile wakes first, and runs until the other has woken as well.
TEST(ExhaustionTest, TheThreadThatServesTheTimersPassesItsDutyOn) {
  for (int round = 0; round < testing::Rounds(50); ++round) {
    auto s = Start(Threads(2, 2));
    std::atomic<bool> second_woke{false};
    ASSERT_TRUE(s->Spawn([&] {
                   (void)SleepFor(milliseconds(1)).Block();
                   Await([&] { return second_woke.load(); });
                 }).ok());
    ASSERT_TRUE(s->Spawn([&] {
                   (void)SleepFor(milliseconds(3)).Block();
                   second_woke.store(true);
                 }).ok());
    ASSERT_TRUE(s->Drain().ok());
  }
}

// The second closure takes the last thread while that sleeps for the timer of
// the first, and then waits for the first itself.
TEST(ExhaustionTest, TheLastThreadLeavesThePollerAndTheTimersAreStillServed) {
  for (int round = 0; round < testing::Rounds(50); ++round) {
    auto s = Start(Threads(2, 2));
    Event woke;
    ASSERT_TRUE(s->Spawn([&] {
                   (void)SleepFor(milliseconds(2)).Block();
                   woke.Set();
                 }).ok());
    Await(
        [&] { return s->GetStats().locked_idle_threads == 1 || woke.IsSet(); });
    ASSERT_TRUE(s->Spawn([&] { (void)woke.Wait().Block(); }).ok());
    ASSERT_TRUE(s->Drain().ok());
  }
}

TEST(ExhaustionTest, AThreadThatServesTheOthersIsCancelledToo) {
  auto s = Start(Threads(1, 1));
  Wake wake = Wake::kReady;
  ASSERT_TRUE(
      s->Spawn([&] { wake = SleepFor(std::chrono::hours(1)).Block(); }).ok());
  Await([&] { return s->GetStats().locked_idle_threads == 1; });
  s->Shutdown(Clock::now());
  EXPECT_EQ(wake, Wake::kCancelled);
}

// A pool whose threads are all blocked, with work queued behind them, sleeps:
// there is nothing to do until one comes back.
TEST(ExhaustionTest, AllThreadsBlockedWithWorkBehindThemUsesNoProcessor) {
  auto s = Start(Threads(2, 2));
  Event event;
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(s->Spawn([&] { (void)event.Wait().Block(); }).ok());
  }
  Await([&] { return s->GetStats().locked_idle_threads == 2; });
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(s->Spawn([] {}).ok());
  timespec before;
  timespec after;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
  std::this_thread::sleep_for(milliseconds(200));  // The span that is measured.
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
  const double used =
      static_cast<double>(after.tv_sec - before.tv_sec) +
      1e-9 * static_cast<double>(after.tv_nsec - before.tv_nsec);
  EXPECT_LT(used, 0.02);
  event.Set();
  EXPECT_TRUE(s->Drain().ok());
}

// Promise: with 3 threads for 4 Ps, and tasks that block in every way there is,
// all of them end. Judged by the count and by Drain() returning at all.
TEST(ExhaustionTest, AMixOfBlockingTasksEndsWithFewThreads) {
  auto s = Start(Threads(3, 4));
  constexpr int kTasks = testing::Rounds(800);
  std::atomic<int> ran{0};
  Semaphore semaphore(0);
  for (int i = 0; i < kTasks; ++i) {
    ASSERT_TRUE(s->Spawn([&, i] {
                   if (i % 4 == 0) (void)SleepFor(milliseconds(1)).Block();
                   if (i % 4 == 1) (void)semaphore.Acquire().Block();
                   if (i % 4 == 2) semaphore.Release();
                   if (i % 4 == 3) {
                     BlockingSection blocking(BlockingSection::Expect::kLong);
                     std::this_thread::yield();
                   }
                   ran.fetch_add(1);
                 }).ok());
  }
  semaphore.Release(kTasks);
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_EQ(ran.load(), kTasks);
}

}  // namespace
}  // namespace reveille

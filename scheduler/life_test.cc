// Drain(), Shutdown() and the end of a scheduler: what was submitted before is
// run or reported; submitters afterwards get a status.
#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "scheduler/testing.h"

namespace reveille {
namespace {

using std::chrono::milliseconds;
using testing::Await;
using testing::Rescued;
using testing::SocketPair;
using testing::Start;
using testing::Unrescued;

Deadline In(milliseconds delay) { return Clock::now() + delay; }

// --- Drain -------------------------------------------------------------------

TEST(DrainTest, OfASchedulerWithoutTasksReturnsAtOnce) {
  auto s = Start(Unrescued(2));
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_TRUE(s->Drain(In(milliseconds(0))).ok());
}

TEST(DrainTest, WaitsForTasksThatSpawnTasks) {
  auto s = Start(Unrescued(2));
  std::atomic<int> ran{0};
  ASSERT_TRUE(s->Spawn([&] {
                 for (int i = 0; i < 10; ++i) {
                   EXPECT_TRUE(s->Spawn([&] { ran.fetch_add(1); }).ok());
                 }
               }).ok());
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_EQ(ran.load(), 10);
}

TEST(DrainTest, TellsThatItsDeadlineCameFirst) {
  auto s = Start(Unrescued(1));
  Event event;
  ASSERT_TRUE(s->Spawn([&]() -> Task<> { (void)co_await event.Wait(); }).ok());
  EXPECT_EQ(s->Drain(In(milliseconds(5))).code(),
            absl::StatusCode::kDeadlineExceeded);
  event.Set();
  EXPECT_TRUE(s->Drain().ok());
}

TEST(DrainTest, FromItsOwnTaskIsRefused) {
  auto s = Start(Unrescued(1));
  absl::Status status;
  ASSERT_TRUE(s->Spawn([&] { status = s->Drain(); }).ok());
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
}

TEST(DrainTest, DoesNotWaitForATimerThatIsPending) {
  auto s = Start(Unrescued(1));
  Timer timer(s.get(), [] {});
  timer.Reset(Clock::now() + std::chrono::hours(1));
  EXPECT_TRUE(s->Drain().ok());
}

TEST(DrainTest, DoesNotWaitForABatchThatIsNotSpawned) {
  auto s = Start(Unrescued(1));
  Batch batch(s.get());
  batch.Add([] {});
  EXPECT_TRUE(s->Drain().ok());
}

TEST(DrainTest, SeveralDrainersAllReturn) {
  auto s = Start(Unrescued(2));
  Event event;
  ASSERT_TRUE(s->Spawn([&]() -> Task<> { (void)co_await event.Wait(); }).ok());
  std::vector<std::thread> drainers;
  for (int i = 0; i < 3; ++i) {
    drainers.emplace_back([&] { EXPECT_TRUE(s->Drain().ok()); });
  }
  event.Set();
  for (std::thread& drainer : drainers) drainer.join();
}

// Promise: whoever drains after a spawn finds the task run. Judged by the count
// after each Drain(); a wake that is lost between the last task's end and the
// drainer's sleep is a hang.
TEST(DrainTest, LosesNoWakeWhenTheLastTaskEndsAsItBegins) {
  auto s = Start(Unrescued(2));
  std::atomic<int> ran{0};
  for (int i = 1; i <= testing::Rounds(5000); ++i) {
    ASSERT_TRUE(s->Spawn([&] { ran.fetch_add(1); }).ok());
    ASSERT_TRUE(s->Drain().ok());
    ASSERT_EQ(ran.load(), i);
  }
}

// --- Shutdown ----------------------------------------------------------------

TEST(ShutdownTest, RunsWhatWasSubmittedBefore) {
  auto s = Start(Unrescued(2));
  std::atomic<int> ran{0};
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(s->Spawn([&] { ran.fetch_add(1); }).ok());
  }
  const auto report = s->Shutdown();
  EXPECT_EQ(ran.load(), 100);
  EXPECT_EQ(report.finished, 100u);
  EXPECT_EQ(report.dropped, 0u);
  EXPECT_TRUE(report.unfinished.empty());
}

TEST(ShutdownTest, SubmittersAfterwardsGetAStatus) {
  auto s = Start(Unrescued(1));
  s->Shutdown();
  EXPECT_EQ(s->Spawn([] { FAIL(); }).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(s->SpawnJoinable([] { FAIL(); }).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(s->Spawn([]() -> Task<> { co_return; }).code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(ShutdownTest, ABatchFilledBeforeAndSpawnedAfterwardsIsRefused) {
  auto s = Start(Unrescued(1));
  Batch batch(s.get());
  batch.Add([] { FAIL(); });
  s->Shutdown();
  EXPECT_EQ(batch.Spawn().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(ShutdownTest, ABatchFilledAfterwardsIsRefused) {
  auto s = Start(Unrescued(1));
  s->Shutdown();
  Batch batch(s.get());
  batch.Add([] { FAIL(); });
  EXPECT_EQ(batch.Spawn().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(ShutdownTest, CountsAsFinishedOnlyWhatRan) {
  auto s = Start(Unrescued(1));
  {
    Batch dropped(s.get());
    for (int i = 0; i < 5; ++i) dropped.Add([] {});
  }
  ASSERT_TRUE(s->Spawn([] {}).ok());
  EXPECT_EQ(s->Shutdown().finished, 1u);
}

TEST(ShutdownTest, TheSecondCallReportsTheSame) {
  auto s = Start(Unrescued(1));
  ASSERT_TRUE(s->Spawn([] {}).ok());
  const auto first = s->Shutdown();
  EXPECT_FALSE(s->Spawn([] {}).ok());
  const auto second = s->Shutdown();
  EXPECT_EQ(first.finished, second.finished);
  EXPECT_EQ(first.dropped, second.dropped);
}

TEST(ShutdownTest, TaskSpawnedDuringShutdownStillRuns) {
  auto s = Start(Unrescued(2));
  Event go;
  std::atomic<bool> child_ran{false};
  absl::Status spawned;
  ASSERT_TRUE(s->Spawn([&]() -> Task<> {
                 (void)co_await go.Wait();
                 spawned = s->Spawn([&] { child_ran.store(true); });
               }).ok());
  std::thread closer([&] { s->Shutdown(); });
  // Outsiders are refused: the shutdown has begun.
  Await([&] { return !s->Spawn([] {}).ok(); });
  go.Set();
  closer.join();
  EXPECT_TRUE(spawned.ok()) << spawned;
  EXPECT_TRUE(child_ran.load());
}

TEST(ShutdownTest, NamesTheTasksThatAreLeftAtTheDeadline) {
  auto s = Start(Unrescued(1));
  Event never;
  auto job = s->SpawnJoinable([&]() -> Task<> { (void)co_await never.Wait(); },
                              {.name = "sleeper"});
  ASSERT_TRUE(job.ok());
  Await([&] {
    return s->GetStats().npidle == 1 && s->GetStats().ps[0].ticks > 0;
  });
  const auto report = s->Shutdown(Clock::now());
  ASSERT_EQ(report.unfinished.size(), 1u);
  EXPECT_EQ(report.unfinished[0].name, "sleeper");
  EXPECT_EQ(report.unfinished[0].state, "waiting");
  EXPECT_NE(report.unfinished[0].id, 0u);
  EXPECT_EQ(report.dropped, 1u);
  EXPECT_EQ(report.finished, 0u);
}

// One that is queued and one that runs are named with what they do.
TEST(ShutdownTest, TellsWhatTheTasksThatAreLeftDo) {
  auto s = Start(Unrescued(1));
  std::atomic<bool> running{false};
  ASSERT_TRUE(s->Spawn(
                   [&] {
                     running.store(true);
                     Await([] {
                       return SleepFor(milliseconds(0)).Block() ==
                              Wake::kCancelled;
                     });
                   },
                   {.name = "runner"})
                  .ok());
  Await([&] { return running.load(); });
  ASSERT_TRUE(s->Spawn([] { ADD_FAILURE(); }, {.name = "queued"}).ok());
  const auto report = s->Shutdown(Clock::now());
  ASSERT_EQ(report.unfinished.size(), 2u);
  for (const auto& task : report.unfinished) {
    EXPECT_EQ(task.state, task.name == "runner" ? "running" : "runnable");
  }
}

// Counts its own life.
struct Token {
  explicit Token(std::atomic<int>* count) : alive(count) {
    alive->fetch_add(1);
  }
  ~Token() { alive->fetch_sub(1); }
  std::atomic<int>* alive;
};

Task<> Hold(std::atomic<int>* alive, Event* event, bool* woken) {
  Token token(alive);
  (void)co_await event->Wait();
  *woken = true;
}

TEST(TokenPlantedTest, OneThatIsNeverDestroyedIsCounted) {
  std::atomic<int> alive{0};
  alignas(Token) std::byte place[sizeof(Token)];
  auto* leaked = new (place) Token(&alive);
  EXPECT_EQ(alive.load(), 1);
  leaked->~Token();
}

TEST(TokenPlantedTest, OneThatIsDestroyedTwiceIsCounted) {
  std::atomic<int> alive{0};
  {
    alignas(Token) std::byte place[sizeof(Token)];
    auto* twice = new (place) Token(&alive);
    twice->~Token();
    twice = new (place) Token(&alive);
    alive.fetch_sub(1);  // As if the destructor had run before.
    twice->~Token();
  }
  EXPECT_NE(alive.load(), 0);
}

TEST(ShutdownTest, AbandonedCoroutinesAreDestroyedWithTheirLocals) {
  auto s = Start(Unrescued(2));
  std::atomic<int> alive{0};
  bool woken = false;
  Event never;
  ASSERT_TRUE(s->Spawn([&]() -> Task<> {
                 Token outer(&alive);
                 co_await Hold(&alive, &never, &woken);
                 ADD_FAILURE() << "went on";
               }).ok());
  Await([&] { return alive.load() == 2; });
  EXPECT_EQ(s->Shutdown(In(milliseconds(5))).dropped, 1u);
  EXPECT_EQ(alive.load(), 0);
  EXPECT_FALSE(woken);
}

Task<> Deeper(int depth, Event* event) {
  if (depth > 0) {
    co_await Deeper(depth - 1, event);
  } else {
    (void)co_await event->Wait();
  }
}

// A longer one: coroutine_test.cc.
TEST(ShutdownTest, AChainOfCoroutinesIsDestroyedWhole) {
  auto s = Start(Unrescued(1));
  Event never;
  ASSERT_TRUE(s->Spawn(Deeper(1'000, &never)).ok());
  // One P: when a later task has run, the chain is parked.
  auto parked = s->SpawnJoinable([] {});
  (void)parked->Join().Block();
  EXPECT_EQ(s->Shutdown(Clock::now()).dropped, 1u);
}

TEST(ShutdownTest, BlockedClosuresAreCancelledAndRunOn) {
  auto s = Start(Unrescued(1));
  Event never;
  Wake first = Wake::kReady;
  Wake second = Wake::kReady;
  ASSERT_TRUE(s->Spawn([&] {
                 first = never.Wait().Block();
                 second = SleepFor(std::chrono::hours(1)).Block();
               }).ok());
  Await([&] { return s->GetStats().locked_idle_threads == 1; });
  const auto report = s->Shutdown(Clock::now());
  EXPECT_EQ(first, Wake::kCancelled);
  EXPECT_EQ(second, Wake::kCancelled);
  EXPECT_EQ(report.unfinished.size(), 1u);
  EXPECT_EQ(report.finished, 1u);
  EXPECT_EQ(report.dropped, 0u);
}

TEST(ShutdownTest, ClosuresThatHaveNotBegunAtTheDeadlineAreDestroyedUnrun) {
  auto s = Start(Unrescued(1));
  std::atomic<int> alive{0};
  std::atomic<bool> running{false};
  ASSERT_TRUE(s->Spawn([&] {
                 running.store(true);
                 // Waits are cancelled from the deadline on.
                 Await([] {
                   return SleepFor(milliseconds(0)).Block() == Wake::kCancelled;
                 });
               }).ok());
  Await([&] { return running.load(); });
  for (int i = 0; i < 10; ++i) {
    auto token = std::make_shared<Token>(&alive);
    ASSERT_TRUE(s->Spawn([token] { ADD_FAILURE() << "ran"; }).ok());
  }
  const auto report = s->Shutdown(In(milliseconds(0)));
  EXPECT_EQ(report.unfinished.size(), 11u);
  EXPECT_EQ(report.dropped, 10u);
  EXPECT_EQ(report.finished, 1u);
  EXPECT_EQ(alive.load(), 0);
}

TEST(ShutdownTest, PastTheDeadlineTasksAreRefusedToo) {
  auto s = Start(Unrescued(1));
  std::atomic<bool> running{false};
  absl::Status refused;
  ASSERT_TRUE(s->Spawn([&] {
                 running.store(true);
                 Await([] {
                   return SleepFor(milliseconds(0)).Block() == Wake::kCancelled;
                 });
                 refused = s->Spawn([] { ADD_FAILURE() << "ran"; });
               }).ok());
  Await([&] { return running.load(); });
  s->Shutdown(Clock::now());
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
}

TEST(ShutdownTest, JoinersOfDroppedTasksAreWoken) {
  auto s = Start(Unrescued(1));
  Event never;
  auto job = s->SpawnJoinable([&]() -> Task<> { (void)co_await never.Wait(); });
  ASSERT_TRUE(job.ok());
  std::thread joiner([&] { EXPECT_EQ(job->Join().Block(), Wake::kReady); });
  s->Shutdown(In(milliseconds(5)));
  joiner.join();
  EXPECT_TRUE(job->Done());
}

TEST(ShutdownTest, EveryKindOfWaitIsCutShortAtTheDeadline) {
  auto s = Start(Unrescued(2));
  Event never;
  Semaphore none(0);
  WaitGroup group(1);
  WaitQueue queue;
  SocketPair pair;
  const auto spawn = [&](auto make) {
    ASSERT_TRUE(s->Spawn([make]() -> Task<> { (void)co_await make(); }).ok());
    ASSERT_TRUE(
        s->Spawn([make] { EXPECT_EQ(make().Block(), Wake::kCancelled); }).ok());
  };
  spawn([&] { return never.Wait(); });
  spawn([&] { return none.Acquire(); });
  spawn([&] { return group.Wait(); });
  spawn([&] { return queue.Park(); });
  spawn([&] { return SleepFor(std::chrono::hours(1)); });
  ASSERT_TRUE(s->Spawn([&]() -> Task<> {
                 (void)co_await WaitReadable(pair.near());
               }).ok());
  const auto report = s->Shutdown(In(milliseconds(20)));
  EXPECT_EQ(report.unfinished.size(), 11u);
  EXPECT_EQ(report.finished + report.dropped, 11u);
}

TEST(ShutdownTest, ThreadsEndWithIt) {
  auto s = Start(Rescued(4));
  std::atomic<int> arrived{0};
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(s->Spawn([&] {
                   arrived.fetch_add(1);
                   Await([&] { return arrived.load() == 4; });
                 }).ok());
  }
  s->Shutdown();
  EXPECT_EQ(s->GetStats().threads, 0);
}

TEST(ShutdownTest, AnswersToQuestionsAfterwards) {
  auto s = Start(Rescued(2));
  s->Shutdown();
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_TRUE(s->SetMaxProcs(3).ok());
  s->ReleaseMemory();
  EXPECT_FALSE(s->SchedTrace(true).empty());
}

TEST(ShutdownTest, ATimerSetAfterwardsNeitherFiresNorLeaks) {
  auto s = Start(Unrescued(1));
  auto token = std::make_shared<int>(0);
  auto timer = std::make_unique<Timer>(s.get(), [token] { FAIL(); });
  s->Shutdown();
  timer->Reset(Clock::now());
  s.reset();
  timer.reset();
  EXPECT_EQ(token.use_count(), 1);
}

TEST(ShutdownTest, APendingTimerIsDroppedAndMayOutliveTheScheduler) {
  auto s = Start(Unrescued(1));
  auto token = std::make_shared<int>(0);
  auto timer = std::make_unique<Timer>(s.get(), [token] { FAIL(); });
  timer->Reset(Clock::now() + std::chrono::hours(1));
  s.reset();
  EXPECT_FALSE(timer->Stop());
  timer.reset();
  EXPECT_EQ(token.use_count(), 1);
}

// Promise: who wakes a task from outside touches nothing of a scheduler that
// may be gone when the task has ended. Judged by the sanitizers.
TEST(ShutdownTest, TheWakerOfTheLastTaskMayStillBeOnItsWayOut) {
  for (int round = 0; round < testing::Rounds(2000); ++round) {
    auto s = Start(Unrescued(2));
    Event event;
    std::atomic<bool> waits{false};
    ASSERT_TRUE(s->Spawn(
                     [&]() -> Task<> {
                       waits.store(true);
                       (void)co_await event.Wait();
                     },
                     {.idle_priority = round % 2 == 0})
                    .ok());
    Await([&] { return waits.load(); });
    std::thread waker([&] { event.Set(); });
    s->Shutdown();
    s.reset();
    waker.join();
  }
}

// Promise: a timer that is due just as Shutdown() runs fires or is dropped; if
// it fires, what its callback spawns with an OK runs. Judged by tokens: every
// callback and every accepted child is destroyed exactly once, and an accepted
// child has run.
TEST(ShutdownTest, TimersDueAtTheSameMomentFireWhollyOrNotAtAll) {
  std::atomic<int> accepted{0};
  std::atomic<int> children{0};
  std::atomic<int> alive{0};
  for (int round = 0; round < testing::Rounds(1000); ++round) {
    auto s = Start(Unrescued(2));
    std::vector<std::unique_ptr<Timer>> timers;
    const Deadline when = Clock::now() + std::chrono::microseconds(50);
    for (int i = 0; i < 8; ++i) {
      auto token = std::make_shared<Token>(&alive);
      timers.push_back(std::make_unique<Timer>(s.get(), [&, token] {
        if (s->Spawn([&] { children.fetch_add(1); }).ok())
          accepted.fetch_add(1);
      }));
      timers.back()->Reset(when);
    }
    Await([&] { return Clock::now() >= when; });
    s->Shutdown();
    timers.clear();
    ASSERT_EQ(children.load(), accepted.load()) << "round " << round;
    ASSERT_EQ(alive.load(), 0) << "round " << round;
  }
}

// Promise: Shutdown() drops the timers that are pending and no others: what a
// callback sleeps with, that fired just before, is not one of them. Judged by
// Shutdown() returning, and by each callback that began having ended.
TEST(ShutdownTest, ACallbackThatSleepsAsItBeginsEnds) {
  std::atomic<int> began{0};
  std::atomic<int> ended{0};
  for (int round = 0; round < testing::Rounds(400); ++round) {
    auto s = Start(Unrescued(2));
    std::vector<std::unique_ptr<Timer>> timers;
    const Deadline first = Clock::now() + std::chrono::microseconds(50);
    for (int i = 0; i < 8; ++i) {
      timers.push_back(std::make_unique<Timer>(s.get(), [&] {
        began.fetch_add(1);
        (void)SleepFor(std::chrono::microseconds(100)).Block();
        ended.fetch_add(1);
      }));
      timers.back()->Reset(first + std::chrono::microseconds(10 * i));
    }
    Await([&] { return Clock::now() >= first; });
    s->Shutdown();
    ASSERT_EQ(began.load(), ended.load());
  }
}

Task<> SpawnForever(Scheduler* s) {
  while (s->Spawn([] {}, {.name = "child"}).ok()) co_await Yield();
}

// Promise: the report at the deadline may be drawn up while tasks still begin
// and end. Judged by ThreadSanitizer, and by the names that it holds.
TEST(ShutdownTest, ReportsWhileTasksGoOnSpawning) {
  for (int round = 0; round < testing::Rounds(20); ++round) {
    auto s = Start(Unrescued(2));
    ASSERT_TRUE(s->Spawn(SpawnForever(s.get()), {.name = "parent"}).ok());
    const auto report = s->Shutdown(In(milliseconds(2)));
    for (const auto& task : report.unfinished) {
      EXPECT_TRUE(task.name == "parent" || task.name == "child") << task.name;
    }
  }
}

// Promise: of tasks submitted from outside against a concurrent Shutdown(),
// each is run or refused. Judged by counting both.
TEST(ShutdownTest, RacingSubmittersAreServedOrRefused) {
  for (int round = 0; round < testing::Rounds(200); ++round) {
    auto s = Start(Unrescued(2));
    std::atomic<int> ran{0};
    std::atomic<int> accepted{0};
    testing::StartLine line(3);
    std::vector<std::thread> submitters;
    for (int t = 0; t < 2; ++t) {
      submitters.emplace_back([&] {
        line.Arrive();
        while (s->Spawn([&] { ran.fetch_add(1); }).ok()) accepted.fetch_add(1);
      });
    }
    line.Arrive();
    const auto report = s->Shutdown();
    for (std::thread& submitter : submitters) submitter.join();
    ASSERT_EQ(ran.load(), accepted.load());
    ASSERT_EQ(report.finished, static_cast<uint64_t>(ran.load()));
  }
}

TEST(ShutdownTest, DestructionShutsDown) {
  std::atomic<int> ran{0};
  {
    auto s = Start(Rescued(2));
    for (int i = 0; i < 100; ++i) {
      ASSERT_TRUE(s->Spawn([&] { ran.fetch_add(1); }).ok());
    }
  }
  EXPECT_EQ(ran.load(), 100);
}

TEST(ShutdownTest, OfOneSchedulerFromATaskOfAnother) {
  auto a = Start(Unrescued(1));
  auto b = Start(Unrescued(1));
  std::atomic<bool> ran{false};
  ASSERT_TRUE(b->Spawn([&] { ran.store(true); }).ok());
  ASSERT_TRUE(a->Spawn([&] {
                 BlockingSection blocking;
                 b->Shutdown();
               }).ok());
  a->Shutdown();
  EXPECT_TRUE(ran.load());
}

// --- Misuse is said, not suffered --------------------------------------------

TEST(LifeDeathTest, ShutdownFromItsOwnTaskEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        auto s = Start(Unrescued(1));
        (void)s->Spawn([&] { s->Shutdown(); });
        (void)s->Drain();
      },
      "Shutdown\\(\\) from a task");
}

TEST(LifeDeathTest, DestructionByItsOwnTaskEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        auto s = Start(Unrescued(1));
        Scheduler* raw = s.release();
        (void)raw->Spawn([raw] { delete raw; });
        (void)raw->Drain();
      },
      "destroyed by one of its tasks");
}

}  // namespace
}  // namespace reveille

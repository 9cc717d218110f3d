// Work conservation seen from outside: no P stays idle while a task is
// runnable. As in Go's TestGoroutineParallelism, the judge is a rendezvous: as
// many tasks as Ps pass a turn by spinning, so that one P that sleeps on
// runnable work is a hang. With the rescuers off, unless said otherwise, since
// they would hide it.
#include <dirent.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "scheduler/testing.h"

namespace reveille {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using testing::Await;
using testing::Rescued;
using testing::SocketPair;
using testing::Start;
using testing::Unrescued;

constexpr int kProcs = 4;

// P tasks, spawned by one, that pass a turn around.
void PassTheTurn(Scheduler* s, int tasks, int rounds) {
  std::atomic<int> turn{0};
  ASSERT_TRUE(s->Spawn([&] {
                 for (int me = 0; me < tasks; ++me) {
                   EXPECT_TRUE(s->Spawn([&, me] {
                                  for (int i = 0; i < rounds; ++i) {
                                    const int mine = me + i * tasks;
                                    Await([&] { return turn.load() == mine; });
                                    turn.store(mine + 1);
                                  }
                                }).ok());
                 }
               }).ok());
  ASSERT_TRUE(s->Drain().ok());
}

TEST(ConservationTest, PTasksPassATurnBySpinning) {
  auto s = Start(Unrescued(kProcs));
  for (int round = 0; round < testing::Rounds(200); ++round) {
    PassTheTurn(s.get(), kProcs, 3);
  }
}

TEST(ConservationTest, PTasksPassATurnWithoutSpinningSearchers) {
  Options options = Unrescued(kProcs);
  options.spin_rounds = 0;
  auto s = Start(options);
  for (int round = 0; round < testing::Rounds(200); ++round) {
    PassTheTurn(s.get(), kProcs, 3);
  }
}

TEST(ConservationTest, PTasksPassATurnWithRescuers) {
  auto s = Start(Rescued(kProcs));
  for (int round = 0; round < testing::Rounds(100); ++round) {
    PassTheTurn(s.get(), kProcs, 3);
  }
}

// Go's TestGoroutineParallelism2: with other load before, and with a task that
// waits for the network meanwhile, so that one M sleeps in the poller.
void PassTheTurnBeside(bool load, bool netpoll) {
  auto s = Start(Unrescued(kProcs));
  SocketPair pair;
  if (netpoll) {
    ASSERT_TRUE(s->Spawn([&]() -> Task<> {
                   (void)co_await WaitReadable(pair.near());
                 }).ok());
  }
  for (int round = 0; round < testing::Rounds(100); ++round) {
    std::atomic<int> loaded{0};
    if (load) {
      // Short tasks that end just as the others come.
      for (int i = 0; i < kProcs; ++i) {
        ASSERT_TRUE(s->Spawn([&] { loaded.fetch_add(1); }).ok());
      }
      Await([&] { return loaded.load() > 0; });
    }
    std::atomic<int> arrived{0};
    for (int i = 0; i < kProcs; ++i) {
      ASSERT_TRUE(s->Spawn([&] {
                     arrived.fetch_add(1);
                     Await([&] { return arrived.load() == kProcs; });
                   }).ok());
    }
    Await([&] { return arrived.load() == kProcs; });
    Await([&] { return !load || loaded.load() == kProcs; });
    // Nobody may still look at this round's locals.
    Await([&] { return s->GetStats().npidle == kProcs; });
  }
  pair.WriteFar();
  EXPECT_TRUE(s->Drain().ok());
}

TEST(ConservationTest, RendezvousAlone) { PassTheTurnBeside(false, false); }
TEST(ConservationTest, RendezvousBesideLoad) { PassTheTurnBeside(true, false); }
TEST(ConservationTest, RendezvousBesideAPoller) {
  PassTheTurnBeside(false, true);
}
TEST(ConservationTest, RendezvousBesideLoadAndAPoller) {
  PassTheTurnBeside(true, true);
}

// The tasks of one rendezvous become runnable in different ways at the same
// time: by timers, by a descriptor, by an event, by submission from outside.
TEST(ConservationTest, RendezvousOfTasksWokenInDifferentWays) {
  auto s = Start(Unrescued(kProcs));
  for (int round = 0; round < testing::Rounds(200); ++round) {
    SocketPair pair;
    Event event;
    std::atomic<int> arrived{0};
    const auto meet = [&] {
      arrived.fetch_add(1);
      Await([&] { return arrived.load() == kProcs; });
    };
    const Deadline when = Clock::now() + microseconds(200);
    ASSERT_TRUE(s->Spawn([&]() -> Task<> {
                   co_await SleepUntil(when);
                   meet();
                 }).ok());
    ASSERT_TRUE(s->Spawn([&]() -> Task<> {
                   (void)co_await WaitReadable(pair.near());
                   meet();
                 }).ok());
    ASSERT_TRUE(s->Spawn([&]() -> Task<> {
                   (void)co_await event.Wait();
                   meet();
                 }).ok());
    Await([&] { return Clock::now() >= when; });
    pair.WriteFar();
    ASSERT_TRUE(s->Spawn(meet).ok());
    event.Set();
    ASSERT_TRUE(s->Drain().ok());
  }
}

// golang/go#63555: a batch injected by an M with a P, after a stale look at the
// number of idle Ps. Here a closure readies the batch and then spins on.
TEST(ConservationTest, ABatchReadiedByATaskThatRunsOnIsTakenByTheOthers) {
  auto s = Start(Unrescued(kProcs));
  for (int round = 0; round < testing::Rounds(200); ++round) {
    Event event;
    std::atomic<int> waiting{0};
    std::atomic<int> arrived{0};
    for (int i = 0; i < kProcs - 1; ++i) {
      ASSERT_TRUE(s->Spawn([&]() -> Task<> {
                     waiting.fetch_add(1);
                     (void)co_await event.Wait();
                     arrived.fetch_add(1);
                     Await([&] { return arrived.load() == kProcs; });
                   }).ok());
    }
    Await([&] { return waiting.load() == kProcs - 1; });
    ASSERT_TRUE(s->Spawn([&] {
                   event.Set();
                   arrived.fetch_add(1);
                   Await([&] { return arrived.load() == kProcs; });
                 }).ok());
    ASSERT_TRUE(s->Drain().ok());
  }
}

// A submission, a task that begins to block and one that yields, just as Ps go
// idle: where Go's handoffp and exitsyscall still lose the wake.
TEST(ConservationTest, RendezvousWhileOthersBlockAndYield) {
  auto s = Start(Unrescued(2));
  std::atomic<bool> done{false};
  ASSERT_TRUE(s->Spawn([&]() -> Task<> {
                 while (!done.load()) {
                   {
                     BlockingSection blocking(BlockingSection::Expect::kLong);
                   }
                   co_await Yield();
                 }
               }).ok());
  for (int round = 0; round < testing::Rounds(1000); ++round) {
    std::atomic<bool> ran{false};
    ASSERT_TRUE(s->Spawn([&] { ran.store(true); }).ok());
    Await([&] { return ran.load(); });
  }
  done.store(true);
  EXPECT_TRUE(s->Drain().ok());
}

// The judge of this file must see what keeps a rendezvous from being reached:
// so many tasks as given find no P or no thread. Reached with the last one only
// once the others give up.
void ExpectNotReached(const Options& options, int tasks, uint64_t left_over) {
  auto s = Start(options);
  std::atomic<int> arrived{0};
  std::atomic<bool> give_up{false};
  for (int i = 0; i < tasks; ++i) {
    ASSERT_TRUE(
        s->Spawn([&] {
           arrived.fetch_add(1);
           Await([&] { return arrived.load() == tasks || give_up.load(); });
         }).ok());
  }
  const int able = tasks - static_cast<int>(left_over);
  Await([&] { return arrived.load() == able; });
  Await([&] { return s->GetStats().InTransition() == 0; });
  EXPECT_EQ(arrived.load(), able);
  EXPECT_EQ(s->GetStats().Runnable(), left_over);
  give_up.store(true);
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_EQ(arrived.load(), tasks);
}

TEST(ConservationPlantedTest, ARendezvousOfMoreTasksThanPsIsNotReached) {
  ExpectNotReached(Unrescued(kProcs - 1), kProcs, 1);
}

TEST(ConservationPlantedTest, ARendezvousOfMoreTasksThanThreadsIsNotReached) {
  Options options = Unrescued(kProcs);
  options.max_threads = kProcs - 1;
  ExpectNotReached(options, kProcs, 1);
}

// A task that blocks and does not say so keeps its P.
TEST(ConservationPlantedTest, ATaskThatBlocksUndeclaredKeepsTheOthersWaiting) {
  auto s = Start(Unrescued(1));
  std::atomic<bool> blocked{false};
  std::atomic<bool> release{false};
  std::atomic<bool> ran{false};
  ASSERT_TRUE(s->Spawn([&] {
                 blocked.store(true);
                 Await([&] { return release.load(); });
               }).ok());
  Await([&] { return blocked.load(); });
  ASSERT_TRUE(s->Spawn([&] { ran.store(true); }).ok());
  EXPECT_EQ(s->GetStats().Runnable(), 1u);
  EXPECT_FALSE(ran.load());
  release.store(true);
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_TRUE(ran.load());
}

// --- An idle scheduler
// -----------------------------------------------------------

// How often the threads of this process that are called "rvl..." were taken off
// a processor. One that runs at all is, sooner or later: when it sleeps again.
uint64_t SwitchesOfWorkers(int* workers) {
  uint64_t switches = 0;
  *workers = 0;
  DIR* tasks = opendir("/proc/self/task");
  if (tasks == nullptr) return 0;
  while (const dirent* task = readdir(tasks)) {
    std::ifstream status("/proc/self/task/" + std::string(task->d_name) +
                         "/status");
    bool worker = false;
    std::string key;
    std::string value;
    while (std::getline(status, key, ':') && std::getline(status, value)) {
      if (key == "Name") worker = value.compare(0, 4, "\trvl") == 0;
      const bool count = key.find("ctxt_switches") != std::string::npos;
      if (worker && count) switches += std::stoull(value);
    }
    *workers += worker;
  }
  closedir(tasks);
  return switches;
}

// An idle scheduler uses no processor at all: no thread of it runs, even once,
// while nothing happens. Judged by the kernel's count of each thread's switches
// over half a second, after sysmon has had the time to lie down.
void ExpectNoProcessorUsed(const Options& options) {
  auto s = Start(options);
  SocketPair pair;
  Event never;
  Timer far(s.get(), [] {});
  far.Reset(Clock::now() + std::chrono::hours(1));
  ASSERT_TRUE(s->Spawn([&]() -> Task<> {
                 (void)co_await WaitReadable(pair.near());
               }).ok());
  ASSERT_TRUE(s->Spawn([&]() -> Task<> { (void)co_await never.Wait(); }).ok());
  ASSERT_TRUE(s->Spawn([&] { (void)never.Wait().Block(); }).ok());
  Await([&] { return s->GetStats().npidle == options.procs; });
  std::this_thread::sleep_for(milliseconds(500));
  int workers = 0;
  const uint64_t before = SwitchesOfWorkers(&workers);
  EXPECT_GE(workers, 2);
  std::this_thread::sleep_for(milliseconds(500));  // The span that is judged.
  EXPECT_EQ(SwitchesOfWorkers(&workers), before);
  never.Set();
  pair.WriteFar();
  EXPECT_TRUE(s->Drain().ok());
}

// The judge sees a worker that wakes up once.
TEST(IdlePlantedTest, OneTaskInTheSpanIsSeen) {
  auto s = Start(Unrescued(1));
  Await([&] { return s->GetStats().npidle == 1; });
  int workers = 0;
  const uint64_t before = SwitchesOfWorkers(&workers);
  ASSERT_TRUE(s->Spawn([] {}).ok());
  ASSERT_TRUE(s->Drain().ok());
  Await([&] { return SwitchesOfWorkers(&workers) > before; });
}

TEST(IdleTest, UsesNoProcessorWithRescuers) {
  ExpectNoProcessorUsed(Rescued(kProcs));
}

TEST(IdleTest, UsesNoProcessorWithoutRescuers) {
  ExpectNoProcessorUsed(Unrescued(kProcs));
}

// --- Several schedulers
// ----------------------------------------------------------

TEST(SeveralTest, WaitOnEachOthersObjects) {
  auto a = Start(Unrescued(2));
  auto b = Start(Rescued(2));
  const int rounds = testing::Rounds(2000);
  Semaphore ping(0);
  Semaphore pong(0);
  ASSERT_TRUE(a->Spawn([&]() -> Task<> {
                 for (int i = 0; i < rounds; ++i) {
                   ping.Release();
                   (void)co_await pong.Acquire();
                 }
               }).ok());
  ASSERT_TRUE(b->Spawn([&] {
                 for (int i = 0; i < rounds; ++i) {
                   (void)ping.Acquire().Block();
                   pong.Release();
                 }
               }).ok());
  EXPECT_TRUE(a->Drain().ok());
  EXPECT_TRUE(b->Drain().ok());
}

TEST(SeveralTest, SpawnAndJoinAcross) {
  auto a = Start(Unrescued(2));
  auto b = Start(Unrescued(2));
  std::atomic<int> ran{0};
  for (int i = 0; i < testing::Rounds(500); ++i) {
    ASSERT_TRUE(a->Spawn([&]() -> Task<> {
                   auto job = b->SpawnJoinable([&]() -> Task<> {
                     co_await Yield();
                     ran.fetch_add(1);
                   });
                   EXPECT_TRUE(job.ok());
                   EXPECT_EQ(co_await job->Join(), Wake::kReady);
                 }).ok());
  }
  EXPECT_TRUE(a->Drain().ok());
  EXPECT_EQ(ran.load(), testing::Rounds(500));
}

TEST(SeveralTest, WaitForTheSameDescriptorEachInItsOwnPoller) {
  auto a = Start(Unrescued(1));
  auto b = Start(Unrescued(1));
  SocketPair pair;
  std::atomic<int> woken{0};
  for (Scheduler* s : {a.get(), b.get()}) {
    ASSERT_TRUE(s->Spawn([&]() -> Task<> {
                   EXPECT_EQ(co_await WaitReadable(pair.near()), Wake::kReady);
                   woken.fetch_add(1);
                 }).ok());
  }
  Await([&] { return a->GetStats().poller && b->GetStats().poller; });
  pair.WriteFar();
  EXPECT_TRUE(a->Drain().ok());
  EXPECT_TRUE(b->Drain().ok());
  EXPECT_EQ(woken.load(), 2);
}

TEST(SeveralTest, ComeAndGoWhileOthersWork) {
  auto steady = Start(Unrescued(2));
  std::atomic<bool> done{false};
  ASSERT_TRUE(steady
                  ->Spawn([&]() -> Task<> {
                    while (!done.load()) co_await Yield();
                  })
                  .ok());
  std::atomic<int> ran{0};
  for (int i = 0; i < testing::Rounds(200); ++i) {
    auto passing = Start(i % 2 == 0 ? Unrescued(2) : Rescued(2));
    ASSERT_TRUE(passing
                    ->Spawn([&] {
                      EXPECT_TRUE(
                          steady->Spawn([&] { ran.fetch_add(1); }).ok());
                    })
                    .ok());
  }
  done.store(true);
  EXPECT_TRUE(steady->Drain().ok());
  EXPECT_EQ(ran.load(), testing::Rounds(200));
}

}  // namespace
}  // namespace reveille

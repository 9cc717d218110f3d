// The watchdog on real threads: a pool with one planted bug each is caught, and
// a sound pool is not accused, chaos or none. A stress test: each run submits
// bursts until the watchdog speaks or the work is done.
#include "stress/watchdog.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>

#include "stress/chaos.h"
#include "stress/testing/broken_pool.h"

namespace reveille::stress {
namespace {

// Holds the verdict, for whoever waits for it or for something else. Waiting is
// sleeping: a thread that computes is one that the watchdog must reckon with.
class Mailbox {
 public:
  void Put(const Verdict& verdict) {
    std::lock_guard<std::mutex> lock(mutex_);
    verdict_ = verdict;
    arrived_.notify_all();
  }
  void Poke() {
    std::lock_guard<std::mutex> lock(mutex_);
    arrived_.notify_all();
  }
  void WaitUnless(const std::function<bool()>& met) {
    std::unique_lock<std::mutex> lock(mutex_);
    arrived_.wait(lock, [&] { return verdict_.has_value() || met(); });
  }
  bool Full() {
    std::lock_guard<std::mutex> lock(mutex_);
    return verdict_.has_value();
  }
  std::optional<Verdict> WaitFor(std::chrono::seconds patience) {
    std::unique_lock<std::mutex> lock(mutex_);
    arrived_.wait_for(lock, patience, [this] { return verdict_.has_value(); });
    return verdict_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::optional<Verdict> verdict_;
};

// A pool under watch.
class Bench {
 public:
  Bench(int workers, Fault fault, bool white_box)
      : pool_(std::make_unique<BrokenPool>(workers, fault, white_box)),
        watchdog_(DefaultWatchdogOptions(),
                  [this](const Verdict& v, const WatchdogReport&) {
                    mailbox_.Put(v);
                  }) {
    watchdog_.Begin(pool_.get(), &judge_);
  }
  ~Bench() { watchdog_.End(); }

  void Submit(std::atomic<bool>* until) {
    const uint32_t task = judge_.Submitted();
    pool_->Submit([this, task, until] {
      judge_.Started(task);
      while (until != nullptr && !until->load()) {
      }
      judge_.Finished(task);
      if (Done()) mailbox_.Poke();
    });
  }
  bool Done() const { return judge_.waiting() == 0 && judge_.running() == 0; }
  // Bursts with the pool running dry in between, until the watchdog speaks.
  void BurstsFor(std::chrono::milliseconds span) {
    std::mt19937_64 rng(7);
    const auto end = std::chrono::steady_clock::now() + span;
    while (!mailbox_.Full() && std::chrono::steady_clock::now() < end) {
      for (uint64_t n = rng() % 8; n > 0; --n) Submit(nullptr);
      mailbox_.WaitUnless([this] { return Done(); });
    }
  }
  std::string Said(std::chrono::seconds patience = std::chrono::seconds(60)) {
    const auto verdict = mailbox_.WaitFor(patience);
    return verdict ? verdict->verdict : "none";
  }
  bool Spoke() { return mailbox_.Full(); }
  WatchdogReport report() const { return watchdog_.report(); }
  void StopWatching() { watchdog_.End(); }

 private:
  Mailbox mailbox_;
  Judge judge_{1 << 20};
  std::unique_ptr<BrokenPool> pool_;
  Watchdog watchdog_;
};

TEST(WatchdogTest, WorkerThatSleepsWithoutLookingAgainIsCaught) {
  Bench bench(2, Fault::kSleepsWithoutLooking, true);
  bench.BurstsFor(std::chrono::seconds(60));
  EXPECT_EQ(bench.Said(), "idle-worker-with-runnable-work");
}

TEST(WatchdogTest, ItIsCaughtFromOutsideToo) {
  Bench bench(2, Fault::kSleepsWithoutLooking, false);
  bench.BurstsFor(std::chrono::seconds(60));
  EXPECT_EQ(bench.Said(), "deadlock");
}

TEST(WatchdogTest, WorkerThatWasNeverStartedIsMissed) {
  std::atomic<bool> go{false};
  for (const bool white_box : {false, true}) {
    Bench bench(2, Fault::kOneWorkerTooFew, white_box);
    go.store(false);
    for (int i = 0; i < 2; ++i) bench.Submit(&go);
    EXPECT_EQ(bench.Said(), "idle-worker-with-runnable-work") << white_box;
    go.store(true);
    while (!bench.Done()) std::this_thread::yield();
  }
}

// What spins for ever is stalled for ever, if nobody holds the stalls back.
TEST(WatchdogTest, ItIsMissedFromOutsideUnderChaosToo) {
  std::atomic<bool> go{false};
  Bench bench(2, Fault::kOneWorkerTooFew, false);
  {
    ChaosOptions options = *ParseChaos("all");
    options.seed = 11;
    Chaos chaos(options);
    for (int i = 0; i < 2; ++i) bench.Submit(&go);
    EXPECT_EQ(bench.Said(), "idle-worker-with-runnable-work");
  }
  EXPECT_GE(bench.report().suspicions, 1u);
  go.store(true);
  while (!bench.Done()) std::this_thread::yield();
}

TEST(WatchdogTest, LeakedSearcherIsADrift) {
  Bench bench(2, Fault::kLeaksSearcher, true);
  bench.BurstsFor(std::chrono::seconds(60));
  EXPECT_EQ(bench.Said(), "counter-drift");
}

TEST(WatchdogTest, LostTaskIsMissedByAPoolThatShowsItsState) {
  Bench bench(2, Fault::kLosesTask, true);
  bench.BurstsFor(std::chrono::seconds(60));
  EXPECT_EQ(bench.Said(), "lost-task");
}

TEST(WatchdogTest, LostTaskIsADeadlockFromOutside) {
  Bench bench(2, Fault::kLosesTask, false);
  bench.BurstsFor(std::chrono::seconds(60));
  EXPECT_EQ(bench.Said(), "deadlock");
}

TEST(WatchdogTest, VerdictCarriesTheEvidence) {
  std::atomic<bool> go{false};
  Mailbox mailbox;
  Judge judge(16);
  BrokenPool pool(2, Fault::kOneWorkerTooFew, true);
  Watchdog watchdog(DefaultWatchdogOptions(),
                    [&](const Verdict& v, const WatchdogReport& r) {
                      EXPECT_GT(r.samples, 0u);
                      mailbox.Put(v);
                    });
  watchdog.Begin(&pool, &judge);
  for (int i = 0; i < 2; ++i) {
    const uint32_t task = judge.Submitted();
    pool.Submit([&, task] {
      judge.Started(task);
      while (!go.load()) {
      }
      judge.Finished(task);
    });
  }
  const std::optional<Verdict> v = mailbox.WaitFor(std::chrono::seconds(60));
  ASSERT_TRUE(v.has_value());
  EXPECT_GE(v->sightings, 6);
  ASSERT_TRUE(v->last.pool.has_value());
  EXPECT_EQ(v->last.pool->steps, v->first.pool->steps);
  EXPECT_EQ(v->last.tasks, (TaskCounts{2, 1, 0}));
  EXPECT_FALSE(v->last.threads.empty());
  EXPECT_NE(v->what.find("1 of 2 workers idle"), std::string::npos) << v->what;
  watchdog.End();
  go.store(true);
  judge.AwaitAllFinished();
}

// A sound pool for some seconds, with this chaos about.
void ExpectSilence(const std::string& chaos_kinds, bool white_box) {
  ChaosOptions options = *ParseChaos(chaos_kinds);
  options.seed = 11;
  Bench bench(4, Fault::kNone, white_box);
  {
    Chaos chaos(options);
    bench.BurstsFor(std::chrono::seconds(4));
  }
  EXPECT_FALSE(bench.Spoke()) << bench.Said();
}

TEST(WatchdogTest, SoundPoolIsNotAccused) { ExpectSilence("none", true); }

TEST(WatchdogTest, SoundPoolIsNotAccusedUnderChaos) {
  ExpectSilence("all", true);
}

TEST(WatchdogTest, SoundPoolIsNotAccusedFromOutsideUnderChaos) {
  ExpectSilence("all", false);
}

TEST(WatchdogTest, BugIsCaughtUnderChaosToo) {
  Bench bench(2, Fault::kSleepsWithoutLooking, true);
  ChaosOptions options = *ParseChaos("all");
  Chaos chaos(options);
  bench.BurstsFor(std::chrono::seconds(60));
  EXPECT_EQ(bench.Said(), "idle-worker-with-runnable-work");
}

TEST(WatchdogTest, GapIsMeasuredFromFirstToLastSight) {
  // One worker is missing for ever, so the gap lasts as long as the watch; the
  // verdict needs more looks than this takes.
  std::atomic<bool> go{false};
  Bench bench(2, Fault::kOneWorkerTooFew, true);
  for (int i = 0; i < 2; ++i) bench.Submit(&go);
  EXPECT_EQ(bench.Said(), "idle-worker-with-runnable-work");
  go.store(true);
  while (!bench.Done()) std::this_thread::yield();
  bench.StopWatching();
  const WatchdogReport report = bench.report();
  EXPECT_GE(report.gaps.count(), 1u);
  EXPECT_GE(report.gaps.max(), WhiteBoxOptions().span_ns);
  EXPECT_GT(report.resolution_ns, 0);
  EXPECT_TRUE(report.white_box);
}

TEST(WatchdogTest, PoolThatShowsNothingHasNoGap) {
  Bench bench(2, Fault::kNone, false);
  bench.BurstsFor(std::chrono::milliseconds(200));
  EXPECT_FALSE(bench.report().white_box);
  EXPECT_EQ(bench.report().samples, 0u);
}

}  // namespace
}  // namespace reveille::stress

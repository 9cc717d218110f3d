// Campaigns: findings that hold, are shrunk, and are told.
#include "sanitizers/explore/campaign.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <semaphore>
#include <sstream>
#include <string>
#include <thread>

#include "sanitizers/explore/schedule.h"

namespace reveille::explore {
namespace {

std::string FileText(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string FreshFolder(const char* name) {
  const std::string folder = testing::TempDir() + "/" + name;
  std::string remove = "rm -rf '" + folder + "'";
  EXPECT_EQ(system(remove.c_str()), 0);
  return folder;
}

void TwoIncrements(void*) {
  std::atomic<int> counter{0};
  auto add = [&] { counter.fetch_add(1); };
  std::thread a(add);
  std::thread b(add);
  a.join();
  b.join();
  Check(counter.load() == 2, "lost an increment");
}

TEST(Campaign, CleanProgramsHaveNoFindings) {
  Config config;
  config.executions = 20000;
  config.jobs = 2;
  const Report report = explore::Run(config, TwoIncrements, nullptr);
  EXPECT_EQ(report.finding_count, 0);
  EXPECT_STREQ(report.lens_error, "");
  EXPECT_EQ(report.executions, 20000u);
  EXPECT_GT(report.distinct, 5u);
  EXPECT_LT(report.distinct, 100u);
  EXPECT_EQ(report.exit_code(), 0);
}

TEST(Campaign, TheSameSeedGivesTheSameExecutionsHoweverManyJobs) {
  Config config;
  config.executions = 10000;
  config.unit = 500;
  uint64_t steps[2];
  for (int jobs = 1; jobs <= 2; ++jobs) {
    config.jobs = jobs;
    steps[jobs - 1] = explore::Run(config, TwoIncrements, nullptr).steps;
  }
  EXPECT_EQ(steps[0], steps[1]);
}

TEST(Campaign, ExhaustiveSearchSaysThatItIsComplete) {
  Config config;
  config.strategy = "bounded";
  config.strategy_limits.preemptions = 2;
  const Report report = explore::Run(config, TwoIncrements, nullptr);
  EXPECT_EQ(std::string(report.completeness).substr(0, 14), "complete: all ");
  EXPECT_NE(std::string(report.completeness).find("at most 2 preemptions"),
            std::string::npos);
}

TEST(Campaign, AnUnknownStrategyIsAnError) {
  Config config;
  config.strategy = "clairvoyance";
  EXPECT_EQ(explore::Run(config, TwoIncrements, nullptr).exit_code(), 4);
}

// Checks, announces itself, and parks without checking again.
void CheckThenPark(void*) {
  std::atomic<int> work{0};
  std::atomic<int> sleepers{0};
  std::mutex mutex;
  std::condition_variable changed;
  bool token = false;
  std::thread worker([&] {
    pthread_setname_np(pthread_self(), "worker");
    if (work.load() != 0) return;
    sleepers.fetch_add(1);
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return token; });
  });
  std::thread submitter([&] {
    pthread_setname_np(pthread_self(), "submitter");
    work.store(1);
    if (sleepers.load() == 0) return;
    std::lock_guard lock(mutex);
    token = true;
    changed.notify_one();
  });
  worker.join();
  submitter.join();
}

TEST(Campaign, PlantedCheckThenParkIsFoundShrunkToldAndReplayed) {
  const std::string folder = FreshFolder("explore_campaign");
  Config config;
  config.out = folder.c_str();
  config.label = "check-then-park";
  config.command = "replay %s";
  const Report report = explore::Run(config, CheckThenPark, nullptr);
  ASSERT_STREQ(report.lens_error, "");
  ASSERT_EQ(report.finding_count, 1);
  EXPECT_EQ(report.exit_code(), 1);
  const Finding& finding = report.findings[0];
  EXPECT_EQ(finding.verdict, Verdict::kDeadlock);
  EXPECT_TRUE(finding.restartable);
  EXPECT_LE(finding.choices, finding.original_choices);
  EXPECT_LE(finding.preemptions, 1);
  const std::string story =
      FileText(std::string(finding.folder) + "/story.txt");
  EXPECT_NE(story.find("deadlock:"), std::string::npos) << story;
  EXPECT_NE(story.find("campaign_test.cc:"), std::string::npos) << story;
  EXPECT_NE(story.find("thread 1 (worker)"), std::string::npos) << story;
  EXPECT_NE(story.find("filtered by a stale look: thread 2 (submitter)"),
            std::string::npos)
      << story;
  const std::string verdict =
      FileText(std::string(finding.folder) + "/verdict.json");
  EXPECT_NE(verdict.find("\"verdict\": \"deadlock\""), std::string::npos);
  EXPECT_NE(verdict.find("\"command\": \"replay "), std::string::npos);
  const std::string trace =
      FileText(std::string(finding.folder) + "/trace.json");
  EXPECT_EQ(trace.find("{\"traceEvents\":["), 0u);
  const std::string schedule = std::string(finding.folder) + "/schedule";
  for (int i = 0; i < 20; ++i) {
    Outcome outcome;
    bool same = false;
    Text error(4096);
    ASSERT_TRUE(ReplayFile(schedule.c_str(), CheckThenPark, nullptr, nullptr,
                           &outcome, &same, &error))
        << error.c_str();
    ASSERT_TRUE(same);
    ASSERT_EQ(outcome.verdict, Verdict::kDeadlock);
  }
}

// libstdc++ 12: release() wakes only when it takes the count from zero as the
// waiter sees it; the waiter samples the count before it spins.
void CountingSemaphore(void*) {
  std::counting_semaphore<1> token(1);
  auto use = [&] {
    for (int i = 0; i < 2; ++i) {
      token.acquire();
      token.release();
    }
  };
  std::thread a(use);
  std::thread b(use);
  std::thread c(use);
  a.join();
  b.join();
  c.join();
}

TEST(Campaign, TheSemaphoreOfLibstdcxx12LosesAWakeup) {
  const std::string folder = FreshFolder("explore_semaphore");
  Config config;
  config.executions = 10000000;
  config.seconds = 60;
  config.out = folder.c_str();
  const Report report = explore::Run(config, CountingSemaphore, nullptr);
  ASSERT_STREQ(report.lens_error, "");
  ASSERT_EQ(report.finding_count, 1);
  const Finding& finding = report.findings[0];
  EXPECT_EQ(finding.verdict, Verdict::kDeadlock);
  EXPECT_LT(finding.seconds, 10);
  const std::string story =
      FileText(std::string(finding.folder) + "/story.txt");
  EXPECT_NE(story.find("Missed wakeup"), std::string::npos) << story;
  const std::string schedule = std::string(finding.folder) + "/schedule";
  int same_count = 0;
  for (int i = 0; i < 20; ++i) {
    Outcome outcome;
    bool same = false;
    Text error(4096);
    ASSERT_TRUE(ReplayFile(schedule.c_str(), CountingSemaphore, nullptr,
                           nullptr, &outcome, &same, &error));
    if (same) ++same_count;
  }
  EXPECT_EQ(same_count, 20);
}

// Two kinds of waiters on one condition; a signal reaches the wrong one.
void WrongWaiter(void*) {
  std::mutex mutex;
  std::condition_variable changed;
  bool open = false;
  bool other = false;
  std::thread wanted([&] {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return open; });
  });
  std::thread bystander([&] {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return other; });
  });
  {
    std::lock_guard lock(mutex);
    open = true;
  }
  changed.notify_one();
  wanted.join();
  {
    std::lock_guard lock(mutex);
    other = true;
  }
  changed.notify_all();
  bystander.join();
}

TEST(Campaign, PlantedWrongWaiterIsToldAsConsumedByAnother) {
  const std::string folder = FreshFolder("explore_wrong_waiter");
  Config config;
  config.out = folder.c_str();
  const Report report = explore::Run(config, WrongWaiter, nullptr);
  ASSERT_EQ(report.finding_count, 1) << report.lens_error;
  const std::string story =
      FileText(std::string(report.findings[0].folder) + "/story.txt");
  EXPECT_NE(story.find("consumed by another: thread 0"), std::string::npos)
      << story;
  EXPECT_NE(story.find("reached thread 2"), std::string::npos) << story;
}

TEST(Campaign, PlantedFindingStopsTheDebuggerWhereItFalls) {
  const std::string folder = FreshFolder("explore_debug");
  Config config;
  config.out = folder.c_str();
  const Report report = explore::Run(config, CheckThenPark, nullptr);
  ASSERT_EQ(report.finding_count, 1) << report.lens_error;
  const std::string schedule =
      std::string(report.findings[0].folder) + "/schedule";
  EXPECT_EXIT(
      {
        Text error(4096);
        DebugFile(schedule.c_str(), CheckThenPark, nullptr, &error);
      },
      testing::KilledBySignal(SIGTRAP), "");
}

TEST(Campaign, AForeignScheduleIsOneClearLine) {
  const std::string path = testing::TempDir() + "/explore_foreign";
  std::ofstream(path) << "not a schedule\n";
  Outcome outcome;
  bool same = false;
  Text error(4096);
  EXPECT_FALSE(ReplayFile(path.c_str(), CheckThenPark, nullptr, nullptr,
                          &outcome, &same, &error));
  EXPECT_STREQ(error.c_str(),
               "schedule, line 1: this is no schedule of version 1");
}

// Two different bugs in one program.
void TwoBugs(void*) {
  std::atomic<int> first{0};
  std::atomic<int> second{0};
  auto work = [&] {
    first.store(first.load() + 1);
    second.store(second.load() + 1);
  };
  std::thread a(work);
  std::thread b(work);
  a.join();
  b.join();
  Check(first.load() == 2, "the first counter is wrong");
  Check(second.load() == 2, "the second counter is wrong");
}

TEST(Campaign, PlantedBugsOfTwoCausesAreTwoFindings) {
  Config config;
  config.executions = 50000;
  config.unit = 100;
  config.most_findings = 5;
  config.shrink_seconds = 2;
  const Report report = explore::Run(config, TwoBugs, nullptr);
  ASSERT_STREQ(report.lens_error, "");
  EXPECT_EQ(report.finding_count, 2);
  EXPECT_STRNE(report.findings[0].message, report.findings[1].message);
  EXPECT_GT(report.findings[0].occurrences, 1u);
}

std::atomic<int> g_state_between{0};
void KeepsState(void*) {
  std::atomic<int> word{0};
  std::thread a([&] { word.fetch_add(1); });
  if (g_state_between.fetch_add(1) > 100) word.fetch_add(1);
  a.join();
}

TEST(Campaign, PlantedStateBetweenExecutionsIsAnErrorOfTheLens) {
  Config config;
  config.executions = 1000;
  const Report report = explore::Run(config, KeepsState, nullptr);
  EXPECT_EQ(report.finding_count, 0);
  EXPECT_EQ(report.exit_code(), 4);
  EXPECT_NE(std::string(report.lens_error).find("dirty-restart"),
            std::string::npos)
      << report.lens_error;
}

void Cancels(void*) {
  std::thread thread([] {});
  pthread_cancel(thread.native_handle());
  thread.join();
}

TEST(Campaign, WhatIsNotModelledIsNoFindingButNotCleanEither) {
  Config config;
  config.shrink_seconds = 0;
  const Report report = explore::Run(config, Cancels, nullptr);
  ASSERT_EQ(report.finding_count, 1) << report.lens_error;
  EXPECT_EQ(report.findings[0].verdict, Verdict::kRefused);
  EXPECT_EQ(report.exit_code(), 3);
}

int g_shown = 0;
volatile bool g_stop = false;

TEST(Campaign, ShowsProgressAndStopsWhenTold) {
  Config config;
  config.executions = uint64_t{1} << 40;
  config.on_progress = [](const Report& so_far) {
    EXPECT_GT(so_far.executions, 0u);
    if (++g_shown == 2) g_stop = true;
  };
  config.stop = &g_stop;
  const Report report = explore::Run(config, TwoIncrements, nullptr);
  EXPECT_EQ(report.exit_code(), 0);
  EXPECT_EQ(g_shown, 2);
  EXPECT_GT(report.executions, 1000u);
}

void EndlessLoop(void*) {
  volatile bool stop = false;
  while (!stop) {
  }
}

void SilentLoop(void*) {
  // Not even a plain access: the instrumentation sees nothing of it.
  for (;;) asm volatile("");
}

TEST(Campaign, PlantedSilentLoopIsStoppedByTheWatch) {
  const std::string folder = FreshFolder("explore_silent_loop");
  Config config;
  config.executions = 10;
  config.silence_seconds = 1;
  config.shrink_seconds = 0;
  config.out = folder.c_str();
  const Report report = explore::Run(config, SilentLoop, nullptr);
  ASSERT_EQ(report.finding_count, 1) << report.lens_error;
  EXPECT_STREQ(report.lens_error, "");
  EXPECT_EQ(report.findings[0].verdict, Verdict::kLivelock);
  const std::string story =
      FileText(std::string(report.findings[0].folder) + "/story.txt");
  EXPECT_NE(story.find("SilentLoop"), std::string::npos) << story;
}

TEST(Campaign, PlantedInvisibleLoopIsStoppedByTheWatch) {
  const std::string folder = FreshFolder("explore_silence");
  Config config;
  config.executions = 10;
  config.silence_seconds = 1;
  config.out = folder.c_str();
  const Report report = explore::Run(config, EndlessLoop, nullptr);
  ASSERT_EQ(report.finding_count, 1) << report.lens_error;
  EXPECT_STREQ(report.lens_error, "");
  EXPECT_EQ(report.findings[0].verdict, Verdict::kLivelock);
  const std::string story =
      FileText(std::string(report.findings[0].folder) + "/story.txt");
  EXPECT_NE(story.find("EndlessLoop"), std::string::npos) << story;
}

void CrashesSometimes(void*) {
  std::atomic<int*> pointer{nullptr};
  int value = 0;
  std::thread setter([&] { pointer.store(&value); });
  std::thread user([&] { *pointer.load() = 1; });
  setter.join();
  user.join();
}

TEST(Campaign, PlantedCrashIsToldWithItsStack) {
  const std::string folder = FreshFolder("explore_crash");
  Config config;
  config.out = folder.c_str();
  const Report report = explore::Run(config, CrashesSometimes, nullptr);
  ASSERT_EQ(report.finding_count, 1) << report.lens_error;
  EXPECT_EQ(report.findings[0].verdict, Verdict::kCrash);
  const std::string story =
      FileText(std::string(report.findings[0].folder) + "/story.txt");
  EXPECT_NE(story.find("Stack"), std::string::npos) << story;
  EXPECT_NE(story.find("campaign_test.cc"), std::string::npos) << story;
}

}  // namespace
}  // namespace reveille::explore

// Stories: planted bugs must be told with the right lines, in the right words,
// and briefly.
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <semaphore>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "sanitizers/explore/campaign.h"

namespace reveille::explore {
namespace {

// A finding of a small program must fit on a small screen.
constexpr size_t kMostLines = 40;
constexpr size_t kMostLinesOfAnything = 60;

std::string FileText(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// "story_test.cc:12 ": where this file says `marker` in a comment of its own.
std::string PlaceOf(const std::string& marker) {
  const std::vector<std::string> lines =
      LinesOf(FileText(REVEILLE_STORY_TEST_SOURCE));
  for (size_t i = 0; i < lines.size(); ++i) {
    const size_t at = lines[i].rfind("// " + marker);
    if (at != std::string::npos && at + 3 + marker.size() == lines[i].size()) {
      return "story_test.cc:" + std::to_string(i + 1) + " ";
    }
  }
  ADD_FAILURE() << "no line of this file is marked " << marker;
  return "";
}

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

size_t CountOf(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos;
       at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

struct Told {
  Finding finding;
  std::string story;
  std::string trace;
};

Told Tell(BodyFunction body) {
  const std::string folder =
      testing::TempDir() + "/story_" +
      testing::UnitTest::GetInstance()->current_test_info()->name();
  Config config;
  config.shrink_seconds = 5;
  config.out = folder.c_str();
  const Report report = explore::Run(config, body, nullptr);
  EXPECT_STREQ(report.lens_error, "");
  EXPECT_EQ(report.finding_count, 1);
  Told told;
  if (report.finding_count == 0) return told;
  told.finding = report.findings[0];
  told.story = FileText(std::string(told.finding.folder) + "/story.txt");
  told.trace = FileText(std::string(told.finding.folder) + "/trace.json");
  return told;
}

// What stands after "Missed wakeup, ", up to the end of the line; "" when the
// story claims none.
std::string MissIn(const std::string& story) {
  for (const std::string& line : LinesOf(story)) {
    const size_t at = line.find("Missed wakeup, ");
    if (at != std::string::npos) return line.substr(at + 15);
  }
  return "";
}

// Looks at a flag outside of the lock, and waits without another look.
void NotifiesTooEarly(void*) {
  std::atomic<bool> ready{false};
  std::mutex mutex;
  std::condition_variable changed;
  std::thread waiter([&] {
    if (ready.load()) return;  // early: look
    std::unique_lock lock(mutex);
    changed.wait(lock);  // early: wait
  });
  std::thread waker([&] {
    ready.store(true);     // early: change
    changed.notify_one();  // early: notify
  });
  waiter.join();
  waker.join();
}

TEST(Story, PlantedEarlyNotifyIsToldAsBeforeTheWait) {
  const std::string story = Tell(NotifiesTooEarly).story;
  EXPECT_TRUE(Contains(MissIn(story), "before the wait: thread 2 in step "))
      << story;
  for (const char* mark :
       {"early: look", "early: change", "early: notify", "early: wait"}) {
    EXPECT_TRUE(Contains(story, PlaceOf(mark))) << mark << "\n" << story;
  }
  EXPECT_TRUE(Contains(story, "changed.notify_one();")) << story;
  EXPECT_LE(LinesOf(story).size(), kMostLines) << story;
}

// Two kinds of waiters on one condition; the one notification wakes the wrong
// one, which goes back to sleep.
void NotifiesTheWrongOne(void*) {
  std::mutex mutex;
  std::condition_variable changed;
  bool open = false;
  bool other = false;
  std::thread wanted([&] {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return open; });  // wrong: wait
  });
  std::thread bystander([&] {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return other; });
  });
  {
    std::lock_guard lock(mutex);
    open = true;
  }
  changed.notify_one();  // wrong: notify
  wanted.join();
  {
    std::lock_guard lock(mutex);
    other = true;
  }
  changed.notify_all();
  bystander.join();
}

TEST(Story, PlantedEatenNotifyIsToldAsConsumedByAnother) {
  const std::string story = Tell(NotifiesTheWrongOne).story;
  EXPECT_TRUE(Contains(MissIn(story), "consumed by another: thread 0 in step "))
      << story;
  EXPECT_TRUE(Contains(MissIn(story),
                       "reached thread 2, which went back to sleep, while "
                       "thread 1 slept"))
      << story;
  EXPECT_TRUE(Contains(story, PlaceOf("wrong: wait"))) << story;
  EXPECT_TRUE(Contains(story, PlaceOf("wrong: notify"))) << story;
  EXPECT_LE(LinesOf(story).size(), kMostLines) << story;
}

// Something that many programs do a lot of and that has no part in any bug.
void KeepBusy(std::atomic<uint64_t>* statistics) {
  std::atomic<int> own{0};
  for (int i = 0; i < 200; ++i) {
    own.fetch_add(1);
    statistics->fetch_add(1);
  }
}

// Looks for work, announces itself, sleeps; and the submitter publishes, looks
// for sleepers, wakes. A second look is missing.
struct Sleepy {
  std::atomic<uint64_t> statistics{0};
  std::atomic<int> queued{0};
  std::atomic<int> idle_workers{0};
  std::atomic<int> token{0};

  void Work() {
    KeepBusy(&statistics);
    if (queued.load() != 0) return;  // stale: look for work
    idle_workers.fetch_add(1);       // stale: announcement
    token.wait(0);                   // stale: sleep
  }
  void Submit() {
    KeepBusy(&statistics);
    queued.store(1);                       // stale: publication
    if (idle_workers.load() == 0) return;  // stale: look for sleepers
    token.store(1);
    token.notify_one();
  }
};

void FiltersByAStaleCount(void*) {
  Sleepy pool;
  std::thread worker([&] { pool.Work(); });
  std::thread submitter([&] { pool.Submit(); });
  submitter.join();
  worker.join();
}

TEST(Story, PlantedStaleCountIsToldWithBothLooksAndWithoutTheNoise) {
  const std::string story = Tell(FiltersByAStaleCount).story;
  EXPECT_TRUE(Contains(MissIn(story), "filtered by a stale look: thread 2 in "))
      << story;
  EXPECT_TRUE(Contains(MissIn(story), "looked at idle_workers: 0")) << story;
  EXPECT_TRUE(Contains(story, "updates idle_workers: 0 -> 1")) << story;
  EXPECT_TRUE(Contains(story, "writes queued: 0 -> 1 (nobody else has looked"))
      << story;
  for (const char* mark :
       {"stale: look for work", "stale: announcement", "stale: sleep",
        "stale: publication", "stale: look for sleepers"}) {
    EXPECT_TRUE(Contains(story, PlaceOf(mark))) << mark << "\n" << story;
  }
  EXPECT_LE(LinesOf(story).size(), kMostLinesOfAnything) << story;
}

// The shape: a verdict, who and why, then operations in their order; what is
// left out is counted.
TEST(Story, CountsWhatItLeavesOut) {
  const std::string story = Tell(FiltersByAStaleCount).story;
  const std::vector<std::string> lines = LinesOf(story);
  ASSERT_GT(lines.size(), 10u);
  EXPECT_EQ(lines[0].rfind("deadlock: ", 0), 0u) << story;
  EXPECT_EQ(lines[2], "Who cannot go on, and why") << story;
  size_t at = 3;
  while (at < lines.size() && lines[at].rfind("What happened: ", 0) != 0) ++at;
  ASSERT_LT(at + 3, lines.size()) << story;
  unsigned shown = 0;
  unsigned all = 0;
  ASSERT_EQ(sscanf(lines[at].c_str(), "What happened: %u of %u", &shown, &all),
            2);
  unsigned counted = 0;
  unsigned last_step = 0;
  unsigned operations = 0;
  for (size_t i = at + 3; i < lines.size(); ++i) {
    const std::string left_out = lines[i].substr(0, 9);
    if (Contains(left_out.substr(8), " ") == false) {
      counted += static_cast<unsigned>(std::stoul(left_out));
    }
    if (lines[i].size() < 19) continue;
    const unsigned step =
        static_cast<unsigned>(std::stoul(lines[i].substr(12)));
    EXPECT_GT(step, last_step) << lines[i];
    last_step = step;
    ++operations;
  }
  EXPECT_EQ(operations, shown) << story;
  EXPECT_EQ(counted + shown, all) << story;
}

void LocksInTwoOrders(void*) {
  std::mutex first_lock;
  std::mutex second_lock;
  std::thread one([&] {
    std::lock_guard outer(first_lock);   // order: first, by one
    std::lock_guard inner(second_lock);  // order: second, by one
  });
  std::thread two([&] {
    std::lock_guard outer(second_lock);  // order: second, by two
    std::lock_guard inner(first_lock);   // order: first, by two
  });
  one.join();
  two.join();
}

TEST(Story, PlantedLockOrderIsToldAsACircleWithItsHolders) {
  const std::string story = Tell(LocksInTwoOrders).story;
  EXPECT_TRUE(Contains(story,
                       "They wait for each other in a circle: thread 1 for "
                       "thread 2 for thread 1."))
      << story;
  EXPECT_TRUE(Contains(story, "thread 1 locks second_lock")) << story;
  EXPECT_TRUE(Contains(story, "thread 2 holds it since step ")) << story;
  EXPECT_TRUE(Contains(story, "thread 2 locks first_lock")) << story;
  for (const char* mark : {"order: first, by one", "order: second, by one",
                           "order: second, by two", "order: first, by two"}) {
    EXPECT_TRUE(Contains(story, PlaceOf(mark))) << mark << "\n" << story;
  }
  EXPECT_EQ(MissIn(story), "") << story;
  EXPECT_LE(LinesOf(story).size(), kMostLines) << story;
}

// Nobody has ever heard of the sleeper.
void SleepsAlone(void*) {
  std::mutex mutex;
  std::condition_variable never;
  std::thread sleeper([&] {
    std::unique_lock lock(mutex);
    never.wait(lock);  // alone: wait
  });
  sleeper.join();
}

TEST(Story, WhatTheStepsDoNotShowIsNotClaimed) {
  const std::string story = Tell(SleepsAlone).story;
  EXPECT_EQ(MissIn(story), "") << story;
  EXPECT_TRUE(Contains(story, "nobody has tried to wake it")) << story;
  EXPECT_TRUE(Contains(story, PlaceOf("alone: wait"))) << story;
}

// libstdc++ 12: the waiter gives the kernel a count that it sampled before it
// spun; meanwhile the count went away and came back.
void CountingSemaphore(void*) {
  std::counting_semaphore<1> token(1);
  auto use = [&] {
    for (int i = 0; i < 2; ++i) {
      token.acquire();
      token.release();  // semaphore: release
    }
  };
  std::thread a(use);
  std::thread b(use);
  std::thread c(use);
  a.join();
  b.join();
  c.join();
}

TEST(Story, TheSemaphoreOfLibstdcxx12NamesTheWakeupAndTheWordThatCameBack) {
  const Told told = Tell(CountingSemaphore);
  EXPECT_TRUE(Contains(MissIn(told.story), "before the wait: ")) << told.story;
  EXPECT_TRUE(Contains(MissIn(told.story), " futex-wakes token, when "))
      << told.story;
  EXPECT_TRUE(Contains(told.story, "(what its wait will expect)"))
      << told.story;
  EXPECT_TRUE(Contains(told.story, "(as expected: the wait cannot notice)"))
      << told.story;
  EXPECT_TRUE(Contains(told.story, PlaceOf("semaphore: release")))
      << told.story;
  EXPECT_LE(LinesOf(told.story).size(), kMostLinesOfAnything) << told.story;
}

// A task of which nobody is told.
void ForgetsATask(void*) {
  PoolHasWorkers(1);
  std::atomic<int> queue{0};
  std::atomic<int> bell{0};
  std::thread worker([&] {
    if (queue.load() == 0) bell.wait(0);
    TaskStarted(7);
    TaskFinished(7);
  });
  queue.store(1);
  TaskSubmitted(7);  // task: submission
  worker.join();
}

TEST(Story, PlantedForgottenTaskIsNamedWithItsSubmission) {
  const std::string story = Tell(ForgetsATask).story;
  EXPECT_TRUE(Contains(story, "Task 7 never started. thread 0 in step "))
      << story;
  EXPECT_TRUE(Contains(story, PlaceOf("task: submission"))) << story;
}

// Thread n is worker n - 1.
class NumbersWorkers : public Oracle {
 public:
  Judgement AtQuiescence() override { return {}; }
  Judgement AtEnd() override { return {}; }
  int WorkerOf(int thread) override { return thread - 1; }
};

TEST(Trace, HasLanesForThreadsAndWorkersArrowsAndTheMissedWakeup) {
  NumbersWorkers workers;
  SetOracle(&workers);
  const Told told = Tell(NotifiesTheWrongOne);
  SetOracle(nullptr);
  EXPECT_TRUE(Contains(told.story, "2  P1")) << told.story;
  for (const char* lane : {"thread 0", "thread 1", "thread 2", "P0", "P1"}) {
    const std::string event = "\"name\":\"thread_name\",\"args\":{\"name\":\"" +
                              std::string(lane) + "\"}}";
    EXPECT_EQ(CountOf(told.trace, event), 1u) << lane;
  }
  EXPECT_GT(CountOf(told.trace, "{\"ph\":\"X\",\"pid\":1,"), 10u);
  EXPECT_EQ(CountOf(told.trace, "{\"ph\":\"s\","), 1u);
  EXPECT_EQ(CountOf(told.trace,
                    "\"name\":\"missed wakeup\",\"args\":{\"why\":\"Missed "
                    "wakeup, consumed by another"),
            1u);
}

}  // namespace
}  // namespace reveille::explore

#include "stress/chaos.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "stress/thread_sample.h"

namespace reveille::stress {
namespace {

// Threads that compute while they are looked at.
class Spinners {
 public:
  explicit Spinners(int n) {
    for (int i = 0; i < n; ++i) {
      threads_.emplace_back([this] {
        while (!stop_.load()) turns_.fetch_add(1);
      });
    }
  }
  ~Spinners() {
    stop_.store(true);
    for (std::thread& t : threads_) t.join();
  }
  uint64_t turns() const { return turns_.load(); }

 private:
  std::atomic<bool> stop_{false};
  std::atomic<uint64_t> turns_{0};
  std::vector<std::thread> threads_;
};

void Until(const std::function<bool()>& met) {
  while (!met()) std::this_thread::yield();
}

ChaosOptions Kinds(const std::string& text) {
  ChaosOptions options = *ParseChaos(text);
  options.seed = 5;
  return options;
}

TEST(ChaosTest, KindsAreReadAndWritten) {
  for (const std::string text :
       {"none", "all", "stall", "affinity,hogs", "stall,nice", "eintr"}) {
    EXPECT_EQ(ParseChaos(text)->ToString(), text);
  }
  EXPECT_EQ(ParseChaos("stall,affinity,hogs,nice")->ToString(), "all");
  EXPECT_FALSE(ParseChaos("all")->eintr);
}

TEST(ChaosTest, UnknownKindSaysWhatThereIs) {
  for (const std::string text : {"", "stal", "stall,", "all,none", "ALL"}) {
    const auto options = ParseChaos(text);
    ASSERT_FALSE(options.ok()) << text;
    EXPECT_NE(options.status().message().find("stall,affinity,hogs,nice"),
              std::string::npos);
  }
}

TEST(ChaosTest, StallsBeginAndEnd) {
  Spinners spinners(2);
  const uint64_t before = Chaos::StallEpoch();
  {
    Chaos chaos(Kinds("stall"));
    Until([&] { return chaos.counts().stalls >= 20; });
    // Ordered, begun and ended each count.
    Until([&] { return Chaos::StallEpoch() >= before + 40; });
  }
  EXPECT_EQ(Chaos::StallsActive(), 0);
}

TEST(ChaosTest, HeldStallsDoNotBegin) {
  Spinners spinners(2);
  Chaos::HoldStalls(true);
  {
    Chaos chaos(Kinds("all"));
    // Both say that the controller has been about for a while.
    Until([&] { return chaos.counts().affinity_moves >= 5; });
    EXPECT_EQ(chaos.counts().stalls, 0u);
    Chaos::HoldStalls(false);
    Until([&] { return chaos.counts().stalls > 0; });
  }
}

TEST(ChaosTest, ThreadsGoOnWhereTheyWere) {
  Spinners spinners(2);
  Chaos chaos(Kinds("stall"));
  Until([&] { return chaos.counts().stalls >= 20; });
  const uint64_t turns = spinners.turns();
  Until([&] { return spinners.turns() > turns + 1000; });
}

// poll() fails with EINTR after a signal, whatever SA_RESTART says; so this
// also shows that sleepers are spared.
TEST(ChaosTest, SleepersAreSpared) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  std::atomic<int> result{-2}, error{0};
  std::thread sleeper([&] {
    pollfd fd = {ends[0], POLLIN, 0};
    result.store(poll(&fd, 1, -1));
    error.store(errno);
  });
  {
    Spinners spinners(1);
    Chaos chaos(Kinds("stall"));
    Until([&] { return chaos.counts().stalls >= 50; });
  }
  EXPECT_EQ(result.load(), -2);
  ASSERT_EQ(write(ends[1], "x", 1), 1);
  sleeper.join();
  EXPECT_EQ(result.load(), 1);
  close(ends[0]);
  close(ends[1]);
}

TEST(ChaosTest, EintrInterruptsSleepers) {
  std::atomic<int> interrupts{0};
  std::atomic<bool> stop{false};
  std::thread sleeper([&] {
    while (!stop.load()) {
      if (poll(nullptr, 0, 50) < 0 && errno == EINTR) interrupts.fetch_add(1);
    }
  });
  {
    Chaos chaos(Kinds("eintr"));
    Until([&] { return interrupts.load() > 0; });
  }
  stop.store(true);
  sleeper.join();
}

TEST(ChaosTest, AffinityComesBack) {
  cpu_set_t before, after;
  ASSERT_EQ(sched_getaffinity(0, sizeof(before), &before), 0);
  {
    Spinners spinners(1);
    Chaos chaos(Kinds("affinity"));
    Until([&] { return chaos.counts().affinity_moves >= 20; });
  }
  ASSERT_EQ(sched_getaffinity(0, sizeof(after), &after), 0);
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
}

TEST(ChaosTest, HogsComputeAndAreNotJudged) {
  Chaos chaos(Kinds("hogs"));
  EXPECT_GE(chaos.counts().hogs, 1);
  Until([] {
    int hogs = 0;
    for (const int tid : AllThreads()) {
      if (ThreadName(tid) == "rv-hog" && IsObserver(tid)) ++hogs;
    }
    return hogs >= 1;
  });
  for (const ThreadSample& t : SampleThreads()) {
    EXPECT_NE(ThreadName(t.tid), "rv-hog");
  }
}

TEST(ChaosTest, NoChaosDoesNothing) {
  const uint64_t epoch = Chaos::StallEpoch();
  Chaos chaos(Kinds("none"));
  EXPECT_EQ(chaos.counts().hogs, 0);
  EXPECT_EQ(Chaos::StallEpoch(), epoch);
}

}  // namespace
}  // namespace reveille::stress

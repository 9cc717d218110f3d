#include "stress/thread_sample.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <thread>
#include <vector>

namespace reveille::stress {
namespace {

const ThreadSample* Find(const std::vector<ThreadSample>& samples, int tid) {
  const auto it =
      std::find_if(samples.begin(), samples.end(),
                   [tid](const ThreadSample& s) { return s.tid == tid; });
  return it == samples.end() ? nullptr : &*it;
}

// A thread that does as it is told until the end of the scope.
class Worker {
 public:
  template <typename Body>
  explicit Worker(Body body)
      : thread_([this, body] {
          tid_.set_value(CurrentTid());
          body(end_);
        }) {}
  ~Worker() {
    end_.store(true);
    end_.notify_all();
    thread_.join();
  }
  int tid() { return tid_.get_future().get(); }

 private:
  std::promise<int> tid_;
  std::atomic<bool> end_{false};
  std::thread thread_;
};

TEST(ThreadSampleTest, SleeperSleepsAndDoesNotGainTime) {
  Worker sleeper([](std::atomic<bool>& end) { end.wait(false); });
  const int tid = sleeper.tid();
  while (ThreadState(tid) != 'S') std::this_thread::yield();
  const std::vector<ThreadSample> before = SampleThreads();
  const std::vector<ThreadSample> after = SampleThreads();
  ASSERT_NE(Find(before, tid), nullptr);
  ASSERT_NE(Find(after, tid), nullptr);
  EXPECT_EQ(Find(after, tid)->state, 'S');
  EXPECT_EQ(Find(after, tid)->cpu_ns, Find(before, tid)->cpu_ns);
}

TEST(ThreadSampleTest, SpinnerGainsTime) {
  Worker spinner([](std::atomic<bool>& end) {
    while (!end.load()) {
    }
  });
  const int tid = spinner.tid();
  const int64_t first = Find(SampleThreads(), tid)->cpu_ns;
  // Ends, or the kernel does not let it run at all.
  while (Find(SampleThreads(), tid)->cpu_ns < first + 2'000'000) {
  }
  EXPECT_EQ(Find(SampleThreads(), tid)->state, 'R');
}

TEST(ThreadSampleTest, ObserversAreLeftOut) {
  std::promise<int> ready;
  Worker watcher([&ready](std::atomic<bool>& end) {
    ObserverThread observer("a-watcher");
    ready.set_value(CurrentTid());
    end.wait(false);
  });
  const int tid = ready.get_future().get();
  EXPECT_TRUE(IsObserver(tid));
  EXPECT_EQ(Find(SampleThreads(), tid), nullptr);
  EXPECT_EQ(ThreadName(tid), "a-watcher");
  const std::vector<int> all = AllThreads();
  EXPECT_TRUE(std::binary_search(all.begin(), all.end(), tid));
}

TEST(ThreadSampleTest, ThreadThatEndedIsUnknown) {
  int tid = 0;
  std::thread([&tid] { tid = CurrentTid(); }).join();
  // The kernel lets the joiner go a moment before the thread is gone.
  while (ThreadState(tid) != '?') std::this_thread::yield();
  EXPECT_EQ(ThreadName(tid), "");
}

}  // namespace
}  // namespace reveille::stress

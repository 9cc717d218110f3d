#include "stress/report/stacks.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <condition_variable>
#include <future>
#include <mutex>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "stress/thread_sample.h"

namespace reveille::stress {
namespace {

// Something to wait for that ThreadSanitizer knows: it delays signals for
// threads that sleep in other ways.
struct Gate {
  void Open() {
    std::lock_guard<std::mutex> lock(mutex);
    open = true;
    changed.notify_all();
  }
  std::mutex mutex;
  std::condition_variable changed;
  bool open = false;
};

// Not inlined, so that it has a frame to be found by.
[[gnu::noinline]] void WaitInsideAFunctionWithAName(Gate* gate) {
  std::unique_lock<std::mutex> lock(gate->mutex);
  while (!gate->open) gate->changed.wait(lock);
}

class StacksTest : public testing::Test {
 protected:
  void SetUp() override { PrepareStacks("stacks_test"); }

  // The stacks while a thread sleeps in the function above.
  std::string StacksWithASleeper(bool blocks_signals) {
    Gate gate;
    std::promise<int> tid;
    std::thread sleeper([&] {
      if (blocks_signals) {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_BLOCK, &all, nullptr);
      }
      tid.set_value(CurrentTid());
      WaitInsideAFunctionWithAName(&gate);
    });
    sleeper_ = tid.get_future().get();
    while (ThreadState(sleeper_) != 'S') std::this_thread::yield();
    const std::string stacks = AllStacks();
    gate.Open();
    sleeper.join();
    return stacks;
  }

  int sleeper_ = 0;
};

TEST_F(StacksTest, SleepingThreadIsUnwoundByName) {
  const std::string stacks = StacksWithASleeper(false);
  EXPECT_NE(stacks.find(absl::StrCat("thread ", sleeper_)), std::string::npos);
  EXPECT_NE(stacks.find("WaitInsideAFunctionWithAName"), std::string::npos)
      << stacks;
}

TEST_F(StacksTest, ThreadThatBlocksSignalsIsNamedAsSuch) {
  const std::string stacks = StacksWithASleeper(true);
  EXPECT_NE(stacks.find("no answer"), std::string::npos) << stacks;
  // And its late answer does no harm to the next question.
  EXPECT_NE(StacksWithASleeper(false).find("WaitInsideAFunctionWithAName"),
            std::string::npos);
}

}  // namespace
}  // namespace reveille::stress

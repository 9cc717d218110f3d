// Verdicts about work: the ledger, and oracles of an embedding program.
#include "sanitizers/explore/oracle.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "sanitizers/explore/exploration.h"

namespace reveille::explore {
namespace {

using namespace std::chrono_literals;

// Two workers, two tasks, and a submitter that wakes only the first.
void PoolThatWakesOnce(bool with_rescuer) {
  PoolHasWorkers(2);
  std::mutex mutex;
  std::condition_variable changed;
  std::condition_variable finished;
  int queued = 0;
  int done = 0;
  std::atomic<uint32_t> next{0};
  auto work = [&] {
    std::unique_lock lock(mutex);
    for (;;) {
      auto has_work = [&] { return queued > 0 || done == 2; };
      while (!has_work()) {
        if (with_rescuer) {
          changed.wait_for(lock, 10ms);
        } else {
          changed.wait(lock);
        }
      }
      if (queued == 0) return;
      --queued;
      const uint32_t task = next.fetch_add(1);
      TaskStarted(task);
      lock.unlock();
      std::this_thread::sleep_for(1s);  // a long task
      lock.lock();
      TaskFinished(task);
      if (++done == 2) changed.notify_all();
      finished.notify_all();
    }
  };
  std::thread a(work);
  std::thread b(work);
  std::this_thread::sleep_for(1ms);  // both are asleep
  {
    std::lock_guard lock(mutex);
    queued = 2;
    TaskSubmitted(0);
    TaskSubmitted(1);
  }
  changed.notify_one();
  a.join();
  b.join();
}

TEST(Oracle, PlantedMissingWakeupIsAnIdleWorkerBesideWork) {
  const Tally tally = Explore(50, [] { PoolThatWakesOnce(false); });
  EXPECT_EQ(tally.count(Verdict::kIdleWorker), 50) << tally.message;
}

TEST(Oracle, PlantedMissingWakeupIsSeenThroughTheRescuer) {
  ExecutionLimits limits;
  limits.after_rescue = true;
  const Tally tally = Explore(50, [] { PoolThatWakesOnce(true); }, limits);
  EXPECT_EQ(tally.count(Verdict::kRescued), 50) << tally.message;
}

TEST(Oracle, PlantedMissingWakeupThatNoRescuerMendsIsNotCalledADeadlock) {
  ExecutionLimits limits;
  limits.after_rescue = true;
  const auto sleeper = [] {
    PoolHasWorkers(1);
    std::mutex mutex;
    std::condition_variable changed;
    std::thread worker([&] {
      std::unique_lock lock(mutex);
      changed.wait(lock);
    });
    TaskSubmitted(0);
    worker.join();
  };
  const Tally tally = Explore(3, sleeper, limits);
  EXPECT_EQ(tally.count(Verdict::kIdleWorker), 3) << tally.message;
}

TEST(Oracle, PlantedForgottenTaskIsLost) {
  const Tally tally = Explore(3, [] {
    TaskSubmitted(0);
    TaskSubmitted(1);
    TaskStarted(0);
    TaskFinished(0);
  });
  EXPECT_EQ(tally.count(Verdict::kLostTask), 3) << tally.message;
}

TEST(Oracle, PlantedSecondRunIsADoubleRun) {
  const Tally tally = Explore(3, [] {
    TaskSubmitted(7);
    TaskStarted(7);
    TaskFinished(7);
    TaskStarted(7);
  });
  EXPECT_EQ(tally.count(Verdict::kDoubleRun), 3) << tally.message;
}

class Scripted final : public Oracle {
 public:
  Judgement AtQuiescence() override {
    ++quiescences;
    touched.fetch_add(1);  // instrumented code of the oracle is no thread
    return quiescence;
  }
  Judgement WhenStuck() override { return stuck; }
  Judgement AtEnd() override {
    ++ends;
    return end;
  }
  int quiescences = 0;
  int ends = 0;
  std::atomic<int> touched{0};
  Judgement quiescence;
  Judgement stuck;
  Judgement end;
};

TEST(Oracle, OfTheEmbeddingProgramIsAskedBeforeTimeLeapsAndAtTheEnd) {
  Scripted oracle;
  SetOracle(&oracle);
  const auto body = [] { std::this_thread::sleep_for(1s); };
  EXPECT_TRUE(Explore(1, body).clean());
  EXPECT_EQ(oracle.quiescences, 1);
  EXPECT_EQ(oracle.ends, 1);
  oracle.end = {Verdict::kLostTask, "one is missing"};
  EXPECT_EQ(Explore(1, body).message, "one is missing");
  oracle.quiescence = {Verdict::kIdleWorker, "idle"};
  EXPECT_EQ(Explore(1, body).count(Verdict::kIdleWorker), 1);
  SetOracle(nullptr);
}

TEST(Oracle, OfTheEmbeddingProgramMayNameWhatIsStuck) {
  Scripted oracle;
  SetOracle(&oracle);
  const auto body = [] {
    std::mutex mutex;
    mutex.lock();
    mutex.lock();
  };
  EXPECT_EQ(Explore(1, body).count(Verdict::kDeadlock), 1);
  oracle.stuck = {Verdict::kIdleWorker, "a worker sleeps"};
  const Tally tally = Explore(1, body);
  EXPECT_EQ(tally.count(Verdict::kIdleWorker), 1);
  EXPECT_EQ(tally.message, "a worker sleeps");
  SetOracle(nullptr);
}

}  // namespace
}  // namespace reveille::explore

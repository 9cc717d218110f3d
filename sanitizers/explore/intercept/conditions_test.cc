// Condition variables against their specification.
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "sanitizers/explore/exploration.h"
#include "sanitizers/explore/virtual_time.h"

namespace reveille::explore {
namespace {

using namespace std::chrono_literals;

struct Gate {
  std::mutex mutex;
  std::condition_variable changed;
  bool open = false;
};

TEST(Conditions, PredicateLoopNeverMissesASignal) {
  ExecutionLimits limits;
  limits.spurious_wakeups = 2;
  const Tally tally = Explore(
      1000,
      [] {
        Gate gate;
        std::thread waiter([&] {
          std::unique_lock lock(gate.mutex);
          while (!gate.open) gate.changed.wait(lock);
        });
        {
          std::lock_guard lock(gate.mutex);
          gate.open = true;
        }
        gate.changed.notify_one();
        waiter.join();
      },
      limits);
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Conditions, PlantedFlagOutsideTheMutexLosesTheSignal) {
  const Tally tally = Explore(500, [] {
    Gate gate;
    std::atomic<bool> open{false};
    std::thread waiter([&] {
      std::unique_lock lock(gate.mutex);
      while (!open.load()) gate.changed.wait(lock);
    });
    open.store(true);
    gate.changed.notify_one();
    waiter.join();
  });
  EXPECT_GT(tally.count(Verdict::kDeadlock), 10) << tally.message;
}

TEST(Conditions, PlantedWaitWithoutPredicateFallsForASpuriousWakeup) {
  auto body = [] {
    Gate gate;
    std::thread waiter([&] {
      std::unique_lock lock(gate.mutex);
      if (!gate.open) gate.changed.wait(lock);
      Check(gate.open, "woken before the gate was open");
    });
    {
      std::lock_guard lock(gate.mutex);
      gate.open = true;
    }
    gate.changed.notify_one();
    waiter.join();
  };
  ExecutionLimits limits;
  EXPECT_TRUE(Explore(1000, body, limits).clean());
  limits.spurious_wakeups = 1;
  const Tally tally = Explore(1000, body, limits);
  EXPECT_GT(tally.count(Verdict::kCheckFailed), 0) << tally.message;
}

// Two kinds of waiters on one condition: a signal may reach the wrong one.
TEST(Conditions, PlantedNotifyOneReachesTheWrongWaiter) {
  const Tally tally = Explore(500, [] {
    Gate gate;
    bool other = false;
    std::thread wanted([&] {
      std::unique_lock lock(gate.mutex);
      gate.changed.wait(lock, [&] { return gate.open; });
    });
    std::thread bystander([&] {
      std::unique_lock lock(gate.mutex);
      gate.changed.wait(lock, [&] { return other; });
    });
    {
      std::lock_guard lock(gate.mutex);
      gate.open = true;
    }
    gate.changed.notify_one();
    wanted.join();
    {
      std::lock_guard lock(gate.mutex);
      other = true;
    }
    gate.changed.notify_one();
    bystander.join();
  });
  EXPECT_GT(tally.count(Verdict::kDeadlock), 10) << tally.message;
}

TEST(Conditions, BroadcastReachesEveryWaiter) {
  const Tally tally = Explore(500, [] {
    Gate gate;
    auto wait = [&] {
      std::unique_lock lock(gate.mutex);
      gate.changed.wait(lock, [&] { return gate.open; });
    };
    std::thread a(wait);
    std::thread b(wait);
    std::thread c(wait);
    {
      std::lock_guard lock(gate.mutex);
      gate.open = true;
    }
    gate.changed.notify_all();
    a.join();
    b.join();
    c.join();
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Conditions, TimeoutComesOnlyWhenNobodyCanRun) {
  const Tally tally = Explore(500, [] {
    Gate gate;
    std::thread opener([&] {
      std::lock_guard lock(gate.mutex);
      gate.open = true;
      gate.changed.notify_one();
    });
    {
      std::unique_lock lock(gate.mutex);
      Check(gate.changed.wait_for(lock, 1ms, [&] { return gate.open; }),
            "timed out although the opener could run");
    }
    opener.join();
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Conditions, PlantedImpatienceShowsUnderAdversarialTime) {
  ExecutionLimits limits;
  limits.early_timers = 1;
  const Tally tally = Explore(
      500,
      [] {
        Gate gate;
        std::thread opener([&] {
          std::lock_guard lock(gate.mutex);
          gate.open = true;
          gate.changed.notify_one();
        });
        {
          std::unique_lock lock(gate.mutex);
          Check(gate.changed.wait_for(lock, 1ms, [&] { return gate.open; }),
                "timed out");
        }
        opener.join();
      },
      limits);
  EXPECT_GT(tally.count(Verdict::kCheckFailed), 10) << tally.message;
}

void SleepBesideAnOpener(bool may_leap) {
  Gate gate;
  std::thread opener([&] {
    std::lock_guard lock(gate.mutex);
    gate.open = true;
    gate.changed.notify_one();
  });
  bool opened;
  {
    std::unique_lock lock(gate.mutex);
    opened = gate.changed.wait_for(lock, 1ms, [&] { return gate.open; });
  }
  const uint64_t leapt = EarlyNanoseconds();
  opener.join();
  Check(leapt <= 1000000, "leapt further than anybody slept");
  Check(opened || leapt > 0, "timed out, and yet no leap");
  Check(may_leap || leapt == 0, "leapt");
}

// Who is late only because of it is not to blame: see ScenarioOracle.
TEST(Conditions, AdversarialTimeTellsHowFarItLeapt) {
  ExecutionLimits limits;
  limits.early_timers = 1;
  const Tally adversarial =
      Explore(500, [] { SleepBesideAnOpener(true); }, limits);
  EXPECT_TRUE(adversarial.clean()) << adversarial.message;
  const Tally leapt = Explore(500, [] { SleepBesideAnOpener(false); }, limits);
  EXPECT_GT(leapt.count(Verdict::kCheckFailed), 10);
  const Tally quiescent = Explore(500, [] { SleepBesideAnOpener(false); });
  EXPECT_TRUE(quiescent.clean()) << quiescent.message;
}

TEST(Conditions, AnyKindOfLockCanBeWaitedWith) {
  const Tally tally = Explore(300, [] {
    std::recursive_mutex mutex;
    std::condition_variable_any changed;
    bool open = false;
    std::thread waiter([&] {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return open; });
    });
    {
      std::lock_guard lock(mutex);
      open = true;
    }
    changed.notify_all();
    waiter.join();
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Conditions, PlantedWaitWithoutTheMutexIsACheckFailure) {
  const Tally tally = Explore(3, [] {
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
    pthread_cond_wait(&changed, &mutex);
  });
  EXPECT_EQ(tally.count(Verdict::kCheckFailed), 3) << tally.message;
}

TEST(Conditions, ClockOfTheAttributeIsHonoured) {
  const Tally tally = Explore(3, [] {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_t changed;
    pthread_cond_init(&changed, &attributes);
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += 5;
    pthread_mutex_lock(&mutex);
    Check(pthread_cond_timedwait(&changed, &mutex, &until) == ETIMEDOUT,
          "no timeout");
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    Check(now.tv_sec - until.tv_sec <= 1, "slept on the wrong clock");
    pthread_mutex_unlock(&mutex);
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

}  // namespace
}  // namespace reveille::explore

// Await detection and liveness: what spins, what sleeps, what is dead.
#include "sanitizers/explore/spin.h"

#include <gtest/gtest.h>
#include <immintrin.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <semaphore>
#include <thread>

#include "sanitizers/explore/exploration.h"

namespace reveille::explore {
namespace {

using namespace std::chrono_literals;

TEST(Spin, SeesThatNothingNewComes) {
  Spin spin;
  bool seen = false;
  for (uintptr_t i = 0; i < 10 && !seen; ++i) {
    seen = spin.Look(1 + i % 2, 8 * (1 + i % 2), 0);
  }
  EXPECT_TRUE(seen);
  EXPECT_TRUE(spin.MayLookAt(8) && spin.MayLookAt(16));
  EXPECT_TRUE(spin.MayLookFrom(1) && spin.MayLookFrom(2));
}

// Who does not know of a look does not release the thread when that object
// changes, and a program that goes on is said to spin for ever. It was so once,
// when one look was taken for another.
TEST(Spin, EachLookIsReleasedAndNothingElseIs) {
  for (uint64_t value = 0; value < 2000; ++value) {
    Spin spin;
    spin.Look(1, 8, 0);
    spin.Look(2, 16, value);
    ASSERT_TRUE(spin.MayLookAt(16) && spin.MayLookFrom(2)) << value;
    ASSERT_FALSE(spin.MayLookAt(24 + 8 * value)) << value;
    ASSERT_FALSE(spin.MayLookFrom(3 + value)) << value;
  }
}

// Another program with the same code under test has it at other addresses.
TEST(Spin, WhereTheCodeLiesDecidesNothing) {
  for (uintptr_t base = 0; base < 400'000; base += 4'112) {
    Spin here;
    Spin there;
    Random random(base + 1);
    for (int i = 0; i < 2000; ++i) {
      const uintptr_t pc = 16 * uintptr_t{random.Below(20)};
      const uintptr_t object = 8 * uintptr_t{random.Below(4)};
      ASSERT_EQ(here.Look(pc, object, 0), there.Look(base + pc, object, 0))
          << "look " << i << ", the code " << base << " further on";
      const uintptr_t another = 16 * uintptr_t{random.Below(30)};
      ASSERT_EQ(here.MayLookFrom(another), there.MayLookFrom(base + another));
    }
  }
}

TEST(Spin, ALoopHasOnePlaceInWhateverOrderItIsGoneThrough) {
  Spin spin;
  Spin backwards;
  Spin another;
  for (uintptr_t i = 1; i <= 10; ++i) {
    spin.Look(i, 8 * i, 0);
    spin.Look(i, 0, 0);
    backwards.Look(11 - i, 8, 0);
    another.Look(i + 1, 8, 0);
  }
  EXPECT_EQ(spin.place(), backwards.place());
  EXPECT_NE(spin.place(), another.place());
}

TEST(Spin, RandomOrderHidesNothing) {
  Spin spin;
  Random random(7);
  bool seen = false;
  for (int i = 0; i < 100 && !seen; ++i) {
    const uintptr_t which = 1 + random.Below(5);
    seen = spin.Look(which, 8 * which, 0);
  }
  EXPECT_TRUE(seen);
}

TEST(Spin, OneLookIsNoRepetitionAndNeitherAreTwo) {
  Spin spin;
  EXPECT_FALSE(spin.Look(1, 8, 0));
  EXPECT_FALSE(spin.Look(1, 8, 0));
  EXPECT_TRUE(spin.Look(1, 8, 0));
}

TEST(Spin, ADifferentValueIsNoRepetition) {
  Spin spin;
  int seen = 0;
  for (uint64_t value = 0; value < 1000; ++value)
    seen += spin.Look(1, 8, value);
  EXPECT_EQ(seen, 0);
}

TEST(Spin, AChangeOfOnesOwnIsProgress) {
  Spin spin;
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(spin.Look(1, 8, 0));
    EXPECT_FALSE(spin.Look(2, 16, 0));
    spin.Forget();
  }
}

TEST(Spin, APrologueDoesNotHideTheLoop) {
  Spin spin;
  for (uintptr_t pc = 100; pc < 120; ++pc) spin.Look(pc, 8, 0);
  bool seen = false;
  for (uintptr_t i = 0; i < 120 && !seen; ++i) {
    seen = spin.Look(1 + i % 3, 8 * (1 + i % 3), 0);
  }
  EXPECT_TRUE(seen);
}

TEST(Liveness, ASpinningWaiterDoesNotDrownTheSearch) {
  uint64_t steps = 0;
  RandomWalk walk;
  auto body = [] {
    std::atomic<bool> flag{false};
    std::thread waiter([&] {
      while (!flag.load()) _mm_pause();
    });
    flag.store(true);
    waiter.join();
  };
  for (uint64_t key = 0; key < 500; ++key) {
    const Outcome& outcome =
        *RunOnce(&walk, key, {}, CallBody<decltype(body)>, &body);
    ASSERT_EQ(outcome.verdict, Verdict::kClean) << outcome.message;
    steps += outcome.steps;
  }
  EXPECT_LT(steps / 500, 5000u);
}

TEST(Liveness, SpinThenParkReachesTheSleep) {
  int parked = 0;
  const Tally tally = Explore(5000, [&] {
    std::atomic<int> state{0};
    std::binary_semaphore token{0};
    std::thread waiter([&] {
      for (int i = 0; i < 1000; ++i) {
        if (state.load() == 1) return;
      }
      int expected = 0;
      if (!state.compare_exchange_strong(expected, 2)) return;
      ++parked;
      token.acquire();
    });
    if (state.exchange(1) == 2) token.release();
    waiter.join();
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
  EXPECT_GT(parked, 10);
}

TEST(Liveness, PlantedSpinOnAFlagThatNobodySetsIsALivelock) {
  const Tally tally = Explore(5, [] {
    std::atomic<bool> flag{false};
    std::thread waiter([&] {
      while (!flag.load()) std::this_thread::yield();
    });
    waiter.join();
  });
  EXPECT_EQ(tally.count(Verdict::kLivelock), 5) << tally.message;
}

// Two threads that step aside for each other, again and again.
TEST(Liveness, PlantedPolitenessIsALivelock) {
  ExecutionLimits limits;
  limits.max_steps = 2000;
  const Tally tally = Explore(
      20,
      [] {
        std::atomic<int> turn{0};
        auto step_aside = [&turn](int me) {
          for (;;) {
            turn.store(me);
            turn.fetch_xor(1);
          }
        };
        std::thread a(step_aside, 0);
        std::thread b(step_aside, 1);
        a.join();
        b.join();
      },
      limits);
  EXPECT_EQ(tally.count(Verdict::kLivelock), 20) << tally.message;
}

// The same with work of its own on the way, of which now and then an access is
// taken for an operation: another one each time, and no progress.
TEST(Liveness, PlantedPolitenessOfTheBusyIsALivelock) {
  ExecutionLimits limits;
  limits.max_steps = 2000;
  const Tally tally = Explore(
      3,
      [] {
        std::atomic<int> turn{0};
        auto step_aside = [&turn](int me) {
          volatile char work[1999] = {};
          for (;;) {
            for (volatile char& place : work) place = 0;
            turn.store(me);
            turn.fetch_xor(1);
          }
        };
        std::thread a(step_aside, 0);
        std::thread b(step_aside, 1);
        a.join();
        b.join();
      },
      limits);
  EXPECT_EQ(tally.count(Verdict::kLivelock), 3) << tally.message;
}

TEST(Liveness, PlantedEndlessCountingIsTheStepLimit) {
  ExecutionLimits limits;
  limits.max_steps = 2000;
  const Tally tally = Explore(
      3,
      [] {
        std::atomic<uint64_t> counter{0};
        for (;;) counter.fetch_add(1);
      },
      limits);
  EXPECT_EQ(tally.count(Verdict::kStepLimit), 3) << tally.message;
}

TEST(Liveness, StarvationByTheStrategyIsNoFinding) {
  // A strategy that never lets thread 1 run while another can.
  class Unfair final : public Strategy {
   public:
    bool Begin(uint64_t) override { return true; }
    uint32_t Choose(const ChoicePoint& at) override {
      if (at.tag != Tag::kThread) return 0;
      return ThreadAt(at.threads, 0) == 1 ? 1 : 0;
    }
    void End(const ExecutionSummary&) override {}
  };
  Unfair unfair;
  ExecutionLimits limits;
  limits.max_steps = 500;
  const Tally tally = Explore(
      &unfair, 1,
      [] {
        std::atomic<bool> stop{false};
        std::atomic<int> noise{0};
        std::thread stopper([&] { stop.store(true); });
        while (!stop.load()) noise.fetch_add(1);
        stopper.join();
      },
      limits);
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Liveness, PlantedHousekeepingDoesNotKeepADeadProgramAlive) {
  const Tally tally = Explore(5, [] {
    std::atomic<bool> stop{false};
    std::binary_semaphore never{0};
    std::thread housekeeper([&] {
      while (!stop.load()) std::this_thread::sleep_for(20ms);
    });
    never.acquire();
    stop.store(true);
    housekeeper.join();
  });
  EXPECT_EQ(tally.count(Verdict::kDeadlock), 5) << tally.message;
  EXPECT_NE(tally.message.find("only the clock"), std::string::npos)
      << tally.message;
}

TEST(Liveness, ALongTimeoutBesideHousekeepingStillComes) {
  const Tally tally = Explore(5, [] {
    std::atomic<bool> stop{false};
    std::mutex mutex;
    std::condition_variable never;
    std::thread housekeeper([&] {
      while (!stop.load()) std::this_thread::sleep_for(1ms);
    });
    {
      std::unique_lock lock(mutex);
      Check(never.wait_for(lock, 24h) == std::cv_status::timeout, "woken");
    }
    stop.store(true);
    housekeeper.join();
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Liveness, PollingLoopsThatEndAreNoDeadlock) {
  const Tally tally = Explore(5, [] {
    for (int i = 0; i < 1500; ++i) std::this_thread::sleep_for(1ms);
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

}  // namespace
}  // namespace reveille::explore

// Read-write locks, semaphores, barriers and one-time initialisation against
// their specification.
#include <errno.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <semaphore.h>

#include <atomic>
#include <barrier>
#include <latch>
#include <mutex>
#include <semaphore>
#include <shared_mutex>
#include <thread>

#include "sanitizers/explore/exploration.h"

namespace reveille::explore {
namespace {

using namespace std::chrono_literals;

TEST(ReadWriteLocks, WritersAreAloneAndReadersMeet) {
  int most_readers = 0;
  const Tally tally = Explore(1000, [&] {
    std::shared_mutex mutex;
    std::atomic<int> readers{0};
    std::atomic<int> writers{0};
    auto read = [&] {
      std::shared_lock lock(mutex);
      const int now = readers.fetch_add(1) + 1;
      if (now > most_readers) most_readers = now;
      Check(writers.load() == 0, "a reader beside a writer");
      readers.fetch_sub(1);
    };
    std::thread a(read);
    std::thread b(read);
    std::thread c([&] {
      std::unique_lock lock(mutex);
      Check(writers.fetch_add(1) == 0 && readers.load() == 0,
            "a writer was not alone");
      writers.fetch_sub(1);
    });
    a.join();
    b.join();
    c.join();
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
  EXPECT_EQ(most_readers, 2);
}

TEST(ReadWriteLocks, TriesAndTimeoutsFailWhileHeld) {
  const Tally tally = Explore(50, [] {
    std::shared_timed_mutex mutex;
    mutex.lock();
    std::thread([&] {
      Check(!mutex.try_lock() && !mutex.try_lock_shared(), "try succeeded");
      Check(!mutex.try_lock_for(1s), "timed lock succeeded");
      Check(!mutex.try_lock_shared_for(1s), "timed shared lock succeeded");
    }).join();
    mutex.unlock();
    mutex.lock_shared();
    Check(mutex.try_lock_shared(), "readers do not meet");
    Check(!mutex.try_lock(), "a writer beside readers");
    mutex.unlock_shared();
    mutex.unlock_shared();
    Check(mutex.try_lock(), "not free in the end");
    mutex.unlock();
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(ReadWriteLocks, PlantedUpgradeIsADeadlock) {
  const Tally tally = Explore(200, [] {
    std::shared_mutex mutex;
    auto upgrade = [&] {
      mutex.lock_shared();
      mutex.lock();
    };
    std::thread a(upgrade);
    a.join();
  });
  EXPECT_EQ(tally.count(Verdict::kDeadlock), 200) << tally.message;
}

TEST(Semaphores, CountTokens) {
  const Tally tally = Explore(500, [] {
    sem_t tokens;
    sem_init(&tokens, 0, 1);
    std::atomic<int> inside{0};
    auto enter = [&] {
      sem_wait(&tokens);
      Check(inside.fetch_add(1) == 0, "two threads with one token");
      inside.fetch_sub(1);
      sem_post(&tokens);
    };
    std::thread a(enter);
    std::thread b(enter);
    a.join();
    b.join();
    int value = 0;
    sem_getvalue(&tokens, &value);
    Check(value == 1, "a token was lost");
    Check(sem_trywait(&tokens) == 0, "trywait");
    Check(sem_trywait(&tokens) == -1 && errno == EAGAIN, "empty trywait");
    timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 1;
    Check(sem_timedwait(&tokens, &until) == -1 && errno == ETIMEDOUT,
          "timedwait");
    until.tv_nsec = -1;
    Check(sem_timedwait(&tokens, &until) == -1 && errno == EINVAL, "EINVAL");
    sem_destroy(&tokens);
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Semaphores, PlantedMissingPostIsADeadlock) {
  const Tally tally = Explore(3, [] {
    sem_t tokens;
    sem_init(&tokens, 0, 0);
    sem_wait(&tokens);
  });
  EXPECT_EQ(tally.count(Verdict::kDeadlock), 3);
}

TEST(Barriers, NobodyPassesBeforeAllHaveArrived) {
  const Tally tally = Explore(300, [] {
    pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, nullptr, 3);
    std::atomic<int> arrived{0};
    std::atomic<int> serial{0};
    auto go = [&] {
      for (int round = 1; round <= 2; ++round) {
        arrived.fetch_add(1);
        const int result = pthread_barrier_wait(&barrier);
        if (result == PTHREAD_BARRIER_SERIAL_THREAD) serial.fetch_add(1);
        Check(arrived.load() >= 3 * round, "passed too early");
      }
    };
    std::thread a(go);
    std::thread b(go);
    go();
    a.join();
    b.join();
    Check(serial == 2, "not one serial thread a round");
    pthread_barrier_destroy(&barrier);
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Barriers, PlantedMissingThreadIsADeadlock) {
  const Tally tally = Explore(3, [] {
    std::barrier<> barrier(3);
    std::thread a([&] { barrier.arrive_and_wait(); });
    barrier.arrive_and_wait();
    a.join();
  });
  EXPECT_EQ(tally.count(Verdict::kDeadlock), 3) << tally.message;
}

TEST(Barriers, LatchesAndBarriersOfTheLibraryWork) {
  const Tally tally = Explore(300, [] {
    std::latch latch(2);
    std::barrier barrier(2, []() noexcept {});
    std::atomic<int> phase{0};
    std::thread a([&] {
      latch.count_down();
      phase.fetch_add(1);
      barrier.arrive_and_wait();
      Check(phase.load() == 2, "passed alone");
    });
    latch.arrive_and_wait();
    phase.fetch_add(1);
    barrier.arrive_and_wait();
    a.join();
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Once, RunsOnceAndOthersWait) {
  const Tally tally = Explore(500, [] {
    std::once_flag once;
    std::atomic<int> runs{0};
    std::atomic<bool> ready{false};
    auto call = [&] {
      std::call_once(once, [&] {
        runs.fetch_add(1);
        ready.store(true);
      });
      Check(ready.load(), "returned before the initialiser had");
    };
    std::thread a(call);
    std::thread b(call);
    a.join();
    b.join();
    Check(runs == 1, "ran twice");
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Once, AnExceptionGivesTheNextOneItsChance) {
  const Tally tally = Explore(200, [] {
    std::once_flag once;
    std::atomic<int> runs{0};
    auto call = [&] {
      try {
        std::call_once(once, [&] {
          if (runs.fetch_add(1) == 0) throw 1;
        });
      } catch (int) {
      }
    };
    std::thread a(call);
    std::thread b(call);
    a.join();
    b.join();
    Check(runs == 2, "not tried again");
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

struct Counted {
  Counted() { made.fetch_add(1); }
  ~Counted() { destroyed.fetch_add(1); }
  static std::atomic<int> made;
  static std::atomic<int> destroyed;
};
std::atomic<int> Counted::made{0};
std::atomic<int> Counted::destroyed{0};

Counted& TheCounted() {
  static Counted counted;
  return counted;
}

TEST(Statics, LocalOnesAreMadeOnceAnExecutionAndDestroyedAtItsEnd) {
  Counted::made = 0;
  Counted::destroyed = 0;
  int executions = 0;
  const Tally tally = Explore(200, [&] {
    ++executions;
    std::thread a([] { TheCounted(); });
    std::thread b([] { TheCounted(); });
    a.join();
    b.join();
    Check(Counted::made.load() == executions, "not made once");
    Check(Counted::destroyed.load() == executions - 1, "destroyed early");
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
  EXPECT_EQ(Counted::destroyed.load(), 200);
  EXPECT_GT(tally.hashes.size(), 1u);
}

}  // namespace
}  // namespace reveille::explore

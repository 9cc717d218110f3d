// Mutexes of every kind, and spin locks, against their specification.
#include <errno.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <time.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "sanitizers/explore/exploration.h"

namespace reveille::explore {
namespace {

using namespace std::chrono_literals;

pthread_mutex_t MutexOfType(int type) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes, type);
  pthread_mutex_t mutex;
  pthread_mutex_init(&mutex, &attributes);
  pthread_mutexattr_destroy(&attributes);
  return mutex;
}

TEST(Mutexes, ExcludeEachOther) {
  const Tally tally = Explore(500, [] {
    std::mutex mutex;
    int inside = 0;
    std::atomic<int> noise{0};
    auto enter = [&] {
      for (int i = 0; i < 2; ++i) {
        std::lock_guard lock(mutex);
        Check(++inside == 1, "two threads inside");
        noise.fetch_add(1);
        --inside;
      }
    };
    std::thread a(enter);
    std::thread b(enter);
    std::thread c(enter);
    a.join();
    b.join();
    c.join();
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
  EXPECT_GT(tally.hashes.size(), 100u);
}

TEST(Mutexes, PlantedLockOrderInversionIsADeadlock) {
  const Tally tally = Explore(300, [] {
    std::mutex first;
    std::mutex second;
    std::thread a([&] {
      std::lock_guard one(first);
      std::lock_guard two(second);
    });
    std::thread b([&] {
      std::lock_guard two(second);
      std::lock_guard one(first);
    });
    a.join();
    b.join();
  });
  EXPECT_GT(tally.count(Verdict::kDeadlock), 20);
  EXPECT_EQ(tally.count(Verdict::kDeadlock) + tally.count(Verdict::kClean),
            tally.runs);
}

TEST(Mutexes, TryLockFailsExactlyWhileHeld) {
  int failures = 0;
  int successes = 0;
  const Tally tally = Explore(300, [&] {
    std::mutex mutex;
    std::thread holder([&] { std::lock_guard lock(mutex); });
    if (mutex.try_lock()) {
      ++successes;
      mutex.unlock();
    } else {
      ++failures;
    }
    holder.join();
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
  EXPECT_GT(failures, 0);
  EXPECT_GT(successes, 0);
}

TEST(Mutexes, RecursiveOneCountsItsOwner) {
  const Tally tally = Explore(200, [] {
    std::recursive_mutex mutex;
    int inside = 0;
    auto enter = [&] {
      mutex.lock();
      mutex.lock();
      Check(mutex.try_lock(), "owner could not lock again");
      Check(++inside == 1, "two threads inside");
      mutex.unlock();
      mutex.unlock();
      --inside;
      mutex.unlock();
    };
    std::thread a(enter);
    std::thread b(enter);
    a.join();
    b.join();
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Mutexes, ErrorCheckingOneReportsMistakes) {
  const Tally tally = Explore(5, [] {
    pthread_mutex_t mutex = MutexOfType(PTHREAD_MUTEX_ERRORCHECK);
    Check(pthread_mutex_unlock(&mutex) == EPERM, "unlock of a free one");
    Check(pthread_mutex_lock(&mutex) == 0, "lock");
    Check(pthread_mutex_lock(&mutex) == EDEADLK, "lock again");
    Check(pthread_mutex_destroy(&mutex) == EBUSY, "destroy while held");
    Check(pthread_mutex_unlock(&mutex) == 0, "unlock");
    Check(pthread_mutex_destroy(&mutex) == 0, "destroy");
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Mutexes, PlantedSelfDeadlockIsADeadlock) {
  const Tally tally = Explore(3, [] {
    pthread_mutex_t mutex = MutexOfType(PTHREAD_MUTEX_NORMAL);
    pthread_mutex_lock(&mutex);
    pthread_mutex_lock(&mutex);
  });
  EXPECT_EQ(tally.count(Verdict::kDeadlock), 3) << tally.message;
}

TEST(Mutexes, PlantedForeignUnlockIsACheckFailure) {
  const Tally tally = Explore(3, [] {
    pthread_mutex_t mutex = MutexOfType(PTHREAD_MUTEX_NORMAL);
    pthread_mutex_lock(&mutex);
    std::thread([&] { pthread_mutex_unlock(&mutex); }).join();
  });
  EXPECT_EQ(tally.count(Verdict::kCheckFailed), 3) << tally.message;
}

TEST(Mutexes, TimedLockWaitsForItsTimeAndNoLonger) {
  const Tally tally = Explore(100, [] {
    std::timed_mutex mutex;
    std::unique_lock held(mutex);
    std::thread other([&] {
      const auto before = std::chrono::steady_clock::now();
      Check(!mutex.try_lock_for(10ms), "locked what was held");
      Check(std::chrono::steady_clock::now() - before >= 10ms, "too early");
    });
    other.join();
    held.unlock();
    Check(mutex.try_lock_until(std::chrono::system_clock::now() + 1s),
          "could not lock a free mutex");
    mutex.unlock();
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Mutexes, TimedLockGetsAMutexThatIsReleasedInTime) {
  const Tally tally = Explore(100, [] {
    std::timed_mutex mutex;
    mutex.lock();
    std::thread other([&] {
      Check(mutex.try_lock_for(1h), "gave up although it was released");
      mutex.unlock();
    });
    mutex.unlock();
    other.join();
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(SpinLocks, ExcludeEachOther) {
  const Tally tally = Explore(300, [] {
    pthread_spinlock_t lock;
    pthread_spin_init(&lock, PTHREAD_PROCESS_PRIVATE);
    int inside = 0;
    auto enter = [&] {
      if (pthread_spin_trylock(&lock) != 0) pthread_spin_lock(&lock);
      Check(++inside == 1, "two threads inside");
      --inside;
      pthread_spin_unlock(&lock);
    };
    std::thread a(enter);
    std::thread b(enter);
    a.join();
    b.join();
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

}  // namespace
}  // namespace reveille::explore

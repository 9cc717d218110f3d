// Threads, their local data, clocks, sleeps, random numbers and memory.
#include <errno.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/random.h>
#include <threads.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <future>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "sanitizers/explore/exploration.h"

namespace reveille::explore {
namespace {

using namespace std::chrono_literals;

thread_local std::atomic<int>* t_destroyed = nullptr;
struct Goodbye {
  ~Goodbye() {
    if (t_destroyed != nullptr) t_destroyed->fetch_add(1);
  }
  int greeted = 0;
};
thread_local Goodbye t_goodbye;

TEST(Threads, ThreadLocalsAreFreshAndDestroyedBeforeJoinReturns) {
  const Tally tally = Explore(200, [] {
    std::atomic<int> destroyed{0};
    auto greet = [&] {
      t_destroyed = &destroyed;
      Check(t_goodbye.greeted++ == 0, "a used thread_local");
    };
    std::thread a(greet);
    std::thread b(greet);
    a.join();
    Check(destroyed.load() >= 1, "joined before destruction");
    b.join();
    Check(destroyed == 2, "not both destroyed");
    errno = 0;
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Threads, ErrnoBelongsToItsThread) {
  const Tally tally = Explore(100, [] {
    std::atomic<int> turn{0};
    std::thread a([&] {
      errno = 11;
      turn.fetch_add(1);
      turn.fetch_add(1);
      Check(errno == 11, "errno changed");
    });
    errno = 22;
    turn.fetch_add(1);
    a.join();
    Check(errno == 22, "errno changed");
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

void CountUp(void* counter) {
  static_cast<std::atomic<int>*>(counter)->fetch_add(1);
}

TEST(Threads, SpecificDataIsPerThreadAndDestroyed) {
  const Tally tally = Explore(100, [] {
    pthread_key_t key;
    Check(pthread_key_create(&key, CountUp) == 0, "create");
    std::atomic<int> destroyed{0};
    auto use = [&] {
      Check(pthread_getspecific(key) == nullptr, "not empty");
      pthread_setspecific(key, &destroyed);
      Check(pthread_getspecific(key) == &destroyed, "not stored");
    };
    std::thread a(use);
    std::thread b(use);
    a.join();
    b.join();
    Check(destroyed == 2, "destructor did not run");
    pthread_key_delete(key);
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Threads, ResultsAndErrorsOfJoin) {
  const Tally tally = Explore(50, [] {
    pthread_t thread;
    int seven = 7;
    pthread_create(
        &thread, nullptr, [](void* argument) { return argument; }, &seven);
    void* result = nullptr;
    Check(pthread_join(thread, &result) == 0 && result == &seven, "result");
    Check(pthread_join(thread, nullptr) == ESRCH, "joined twice");
    Check(pthread_join(pthread_self(), nullptr) == EDEADLK, "self");
    pthread_setname_np(pthread_self(), "main");
    char name[16];
    pthread_getname_np(pthread_self(), name, sizeof name);
    Check(strcmp(name, "main") == 0, "name");
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Threads, DetachedOnesMayOutliveTheBody) {
  const Tally tally = Explore(100, [] {
    auto value = std::make_shared<std::atomic<int>>(0);
    std::thread([value] { value->fetch_add(1); }).detach();
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Threads, PlantedForgottenThreadIsAPartialDeadlock) {
  const Tally tally = Explore(20, [] {
    auto never = std::make_shared<std::promise<void>>();
    std::thread([never] { never->get_future().wait(); }).detach();
  });
  EXPECT_EQ(tally.count(Verdict::kPartialDeadlock), 20) << tally.message;
}

TEST(Threads, DeclaredDaemonsMayWaitForEver) {
  const Tally tally = Explore(20, [] {
    auto never = std::make_shared<std::promise<void>>();
    std::thread([never] {
      ThreadMayWaitForever();
      never->get_future().wait();
    }).detach();
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Threads, NumbersAreUsedAgain) {
  const Tally tally = Explore(3, [] {
    for (int i = 0; i < 200; ++i) std::thread([] {}).join();
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Threads, TooManyAtOnceIsSaidSo) {
  const Tally tally = Explore(1, [] {
    std::vector<std::thread> threads;
    for (int i = 0; i < 100; ++i) threads.emplace_back([] {});
    for (std::thread& thread : threads) thread.join();
  });
  EXPECT_EQ(tally.count(Verdict::kTooMany), 1);
}

TEST(Threads, CancellationIsRefusedByName) {
  const Tally tally = Explore(1, [] {
    std::thread thread([] {});
    pthread_cancel(thread.native_handle());
    thread.join();
  });
  EXPECT_EQ(tally.count(Verdict::kRefused), 1);
  EXPECT_NE(tally.message.find("pthread_cancel"), std::string::npos);
}

TEST(Threads, WhoTheyAreAndWhereIsTheSameEverywhere) {
  const Tally tally = Explore(1, [] {
    Check(getpid() == 1000 && gettid() == 1000, "process and first thread");
    std::thread([] { Check(gettid() == 1001, "second thread"); }).join();
    Check(std::thread::hardware_concurrency() == 2, "processors");
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
  EXPECT_NE(getpid(), 1000);
}

TEST(Threads, PlantedThreadOfTheCLibraryIsRefused) {
  const Tally tally = Explore(1, [] {
    thrd_t thread;
    thrd_create(&thread, [](void*) { return 0; }, nullptr);
  });
  EXPECT_EQ(tally.count(Verdict::kRefused), 1) << tally.message;
}

TEST(Clocks, TimeLeapsToTheEarliestSleeperFirst) {
  const Tally tally = Explore(100, [] {
    std::atomic<int> order{0};
    std::thread late([&] {
      std::this_thread::sleep_for(2s);
      Check(order.fetch_add(1) == 1, "the later one came first");
    });
    std::thread early([&] {
      std::this_thread::sleep_for(1s);
      Check(order.fetch_add(1) == 0, "the earlier one came last");
    });
    late.join();
    early.join();
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Clocks, DeadlineLoopsEnd) {
  const Tally tally = Explore(20, [] {
    const auto until = std::chrono::steady_clock::now() + 10ms;
    while (std::chrono::steady_clock::now() < until) {
    }
    timespec now;
    Check(timespec_get(&now, TIME_UTC) == TIME_UTC, "timespec_get");
    const time_t before = time(nullptr);
    Check(before - now.tv_sec <= 1, "clocks disagree");
    usleep(3000000);
    Check(time(nullptr) - before >= 3, "time() stands still");
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Clocks, EveryExecutionBeginsAtTheSameTime) {
  int64_t first = 0;
  bool same = true;
  Explore(5, [&] {
    const int64_t now =
        std::chrono::steady_clock::now().time_since_epoch().count();
    if (first == 0) first = now;
    same = same && first == now;
  });
  EXPECT_TRUE(same);
}

TEST(Randomness, IsAChoiceAndDecidedByTheKey) {
  std::vector<unsigned> values;
  values.reserve(40);  // outside the arena
  auto body = [&] {
    std::random_device device;
    unsigned other = 0;
    getentropy(&other, sizeof other);
    values.push_back(device() ^ other);
  };
  Explore(20, body);
  Explore(20, body);
  for (size_t i = 0; i < 20; ++i) EXPECT_EQ(values[i], values[i + 20]);
  EXPECT_NE(values[0], values[1]);
}

TEST(Memory, EveryExecutionGetsTheSameAddresses) {
  std::vector<void*> addresses;
  Explore(3, [&] {
    auto block = std::make_unique<char[]>(100);
    // The vector itself must not live in the arena.
    if (addresses.size() < addresses.capacity()) {
      addresses.push_back(block.get());
    }
  });
  addresses.reserve(3);
  Explore(3, [&] {
    auto block = std::make_unique<char[]>(100);
    addresses.push_back(block.get());
  });
  ASSERT_EQ(addresses.size(), 3u);
  EXPECT_EQ(addresses[0], addresses[2]);
}

TEST(Memory, TheFamilyOfMallocKeepsItsPromises) {
  const Tally tally = Explore(5, [] {
    for (size_t size : {0, 1, 16, 17, 1000, 1024, 1025, 5000, 1 << 20}) {
      char* block = static_cast<char*>(malloc(size));
      memset(block, 1, size);
      char* zero = static_cast<char*>(calloc(1, size));
      for (size_t i = 0; i < size; ++i) Check(zero[i] == 0, "calloc");
      char* larger = static_cast<char*>(realloc(block, size + 3000));
      Check(larger != nullptr, "realloc");
      block = larger;
      for (size_t i = 0; i < size; ++i) Check(block[i] == 1, "realloc");
      void* aligned = aligned_alloc(256, size);
      Check(reinterpret_cast<uintptr_t>(aligned) % 256 == 0, "alignment");
      free(block);
      free(zero);
      free(aligned);
    }
    std::ostringstream text;
    text << 3.25 << std::string(1000, 'x');
    Check(text.str().size() == 1004, "streams");
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Memory, PlantedDoubleFreeIsACrash) {
  const Tally tally = Explore(1, [] {
    void* volatile block = malloc(10);
    free(block);
    free(block);
  });
  EXPECT_EQ(tally.count(Verdict::kCrash), 1);
}

TEST(Crashes, PlantedNullPointerIsACrashOfItsThread) {
  const Tally tally = Explore(3, [] {
    std::thread([] {
      volatile int* volatile nowhere = nullptr;
      *nowhere = 1;  // NOLINT(clang-analyzer-core.NullDereference)
    }).join();
  });
  EXPECT_EQ(tally.count(Verdict::kCrash), 3);
  EXPECT_NE(tally.message.find("SIGSEGV in thread 1"), std::string::npos)
      << tally.message;
}

TEST(Crashes, PlantedUncaughtExceptionIsACrash) {
  const Tally tally = Explore(2, [] { std::thread([] { throw 1; }).join(); });
  EXPECT_EQ(tally.count(Verdict::kCrash), 2) << tally.message;
}

int Recurse(int depth) {
  volatile char frame[4096];
  frame[0] = static_cast<char>(depth);
  return depth == 0 ? 0 : Recurse(depth + 1) + frame[0];
}

TEST(Crashes, PlantedEndlessRecursionIsAStackOverflow) {
  const Tally tally = Explore(2, [] { Check(Recurse(1) == 0, "impossible"); });
  EXPECT_EQ(tally.count(Verdict::kCrash), 2);
  EXPECT_NE(tally.message.find("stack overflow"), std::string::npos)
      << tally.message;
}

TEST(Crashes, PlantedExitIsACrash) {
  const Tally tally = Explore(1, [] { exit(3); });
  EXPECT_EQ(tally.count(Verdict::kCrash), 1);
}

}  // namespace
}  // namespace reveille::explore

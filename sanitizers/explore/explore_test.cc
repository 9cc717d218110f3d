// The lens as a whole: everything at once, and the rates it lives by.
#include "sanitizers/explore/explore.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <latch>
#include <mutex>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include "sanitizers/explore/strategies/random_walk.h"

namespace reveille::explore {
namespace {

using namespace std::chrono_literals;

thread_local int t_number = 7;
thread_local std::string t_text = "x";

void FirstThread(std::mutex* mutex, std::condition_variable* changed,
                 int* ready) {
  Check(t_number == 7, "a new thread sees another's thread_local");
  t_number = 2;
  t_text = "aa";
  {
    std::lock_guard lock(*mutex);
    ++*ready;
  }
  changed->notify_all();
}

// Every facility of the C++ library that blocks, in one program.
void EverythingAtOnce(void*) {
  t_number = 1;
  std::mutex mutex;
  std::condition_variable changed;
  int ready = 0;
  std::counting_semaphore<8> tokens(0);
  std::latch both(2);
  std::atomic<int> word{0};
  std::thread a([&] {
    FirstThread(&mutex, &changed, &ready);
    tokens.acquire();
    both.arrive_and_wait();
    word.store(1);
    word.notify_all();
    Check(t_number == 2 && t_text == "aa", "thread_local was overwritten");
  });
  std::thread b([&] {
    t_number = 3;
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return ready > 0; });
    }
    tokens.release();
    both.arrive_and_wait();
    word.wait(0);
    try {
      throw 5;
    } catch (int thrown) {
      Check(thrown == 5, "an exception changed on its way");
    }
    Check(t_number == 3, "thread_local was overwritten");
  });
  {
    std::unique_lock lock(mutex);
    Check(!changed.wait_for(lock, 1h, [&] { return ready == 5; }),
          "five threads were ready");
  }
  const auto before = std::chrono::steady_clock::now();
  std::this_thread::sleep_for(24h);
  Check(std::chrono::steady_clock::now() - before >= 24h, "slept too little");
  auto answer = std::async(std::launch::async, [] { return 42; });
  Check(answer.get() == 42, "the wrong answer");
  a.join();
  b.join();
  Check(t_number == 1, "thread_local was overwritten");
}

TEST(Explore, EverythingAtOnceRunsThousandsOfTimes) {
  RandomWalk walk;
  for (uint64_t key = 0; key < 5000; ++key) {
    const Outcome& outcome =
        *RunOnce(&walk, key, {}, EverythingAtOnce, nullptr);
    ASSERT_EQ(outcome.verdict, Verdict::kClean) << key << outcome.message;
  }
}

struct Parker {
  std::atomic<int> work{0};
  std::atomic<int> parked{0};
  std::binary_semaphore token{0};
};

// Checks, announces itself, and parks without checking again.
void CheckThenPark(void*) {
  Parker parker;
  std::thread worker([&] {
    if (parker.work.load() != 0) return;
    parker.parked.store(1);
    parker.token.acquire();
  });
  std::thread submitter([&] {
    parker.work.store(1);
    if (parker.parked.load() != 0) parker.token.release();
  });
  worker.join();
  submitter.join();
}

TEST(Explore, PlantedCheckThenParkIsADeadlock) {
  RandomWalk walk;
  int deadlocks = 0;
  for (uint64_t key = 0; key < 1000; ++key) {
    const Verdict verdict =
        RunOnce(&walk, key, {}, CheckThenPark, nullptr)->verdict;
    if (verdict == Verdict::kDeadlock) ++deadlocks;
    ASSERT_TRUE(verdict == Verdict::kDeadlock || verdict == Verdict::kClean);
  }
  EXPECT_GT(deadlocks, 10);
}

}  // namespace
}  // namespace reveille::explore

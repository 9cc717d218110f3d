// The futex system call against futex(2).
#include <errno.h>
#include <gtest/gtest.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <thread>

#include "sanitizers/explore/exploration.h"

namespace reveille::explore {
namespace {

using Word = std::atomic<uint32_t>;

long Futex(Word* word, int operation, uint32_t value, const void* timeout,
           Word* second, uint32_t third) {
  return syscall(SYS_futex, word, operation, value, timeout, second, third);
}
long Wait(Word* word, uint32_t value, const timespec* span = nullptr) {
  return Futex(word, FUTEX_WAIT_PRIVATE, value, span, nullptr, 0);
}
long Wake(Word* word, int count) {
  return Futex(word, FUTEX_WAKE_PRIVATE, static_cast<uint32_t>(count), nullptr,
               nullptr, 0);
}
const void* Count(long count) { return reinterpret_cast<const void*>(count); }

TEST(Futex, WaitReturnsAtOnceWhenTheWordDiffers) {
  const Tally tally = Explore(3, [] {
    Word word{1};
    Check(Wait(&word, 0) == -1 && errno == EAGAIN, "slept on a stale value");
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Futex, WakeAfterChangeNeverLosesAWaiter) {
  const Tally tally = Explore(500, [] {
    Word word{0};
    std::thread waiter([&] {
      while (word.load() == 0) Wait(&word, 0);
    });
    word.store(1);
    Wake(&word, 1);
    waiter.join();
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Futex, PlantedWakeBeforeChangeLosesTheWaiter) {
  const Tally tally = Explore(500, [] {
    Word word{0};
    std::thread waiter([&] {
      while (word.load() == 0) Wait(&word, 0);
    });
    Wake(&word, 1);
    word.store(1);
    waiter.join();
  });
  EXPECT_GT(tally.count(Verdict::kDeadlock), 10) << tally.message;
}

TEST(Futex, WakeTellsHowManyItReached) {
  int most = 0;
  const Tally tally = Explore(500, [&] {
    Word word{0};
    auto wait = [&] { Wait(&word, 0); };
    std::thread a(wait);
    std::thread b(wait);
    word.store(1);
    const long woken = Wake(&word, INT_MAX);
    if (woken > most) most = static_cast<int>(woken);
    a.join();
    b.join();
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
  EXPECT_EQ(most, 2);
}

TEST(Futex, RelativeTimeoutIsKept) {
  const Tally tally = Explore(3, [] {
    Word word{0};
    const timespec span = {5, 0};
    const auto before = std::chrono::steady_clock::now();
    Check(Wait(&word, 0, &span) == -1 && errno == ETIMEDOUT, "no timeout");
    const auto slept = std::chrono::steady_clock::now() - before;
    Check(slept >= std::chrono::seconds(5), "too short");
    Check(slept < std::chrono::seconds(6), "too long");
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Futex, AbsoluteTimeoutIsKept) {
  const Tally tally = Explore(3, [] {
    Word word{0};
    timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += 7;
    Check(Futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, &until, nullptr,
                FUTEX_BITSET_MATCH_ANY) == -1 &&
              errno == ETIMEDOUT,
          "no timeout");
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    Check(now.tv_sec >= until.tv_sec && now.tv_sec < until.tv_sec + 2,
          "another time");
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Futex, BitsetsSelectWaiters) {
  const Tally tally = Explore(300, [] {
    Word word{0};
    std::atomic<int> woken{0};
    auto wait = [&](uint32_t bits) {
      Futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, nullptr, nullptr, bits);
      woken.fetch_or(static_cast<int>(bits));
    };
    std::thread one(wait, 1u);
    std::thread two(wait, 2u);
    // Both sleep before time passes.
    std::this_thread::sleep_for(std::chrono::seconds(1));
    Check(Futex(&word, FUTEX_WAKE_BITSET_PRIVATE, INT_MAX, nullptr, nullptr,
                2) == 1,
          "not exactly one has the bit");
    two.join();
    Check(woken == 2, "the wrong one woke");
    Wake(&word, 1);
    one.join();
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Futex, RequeueMovesWaitersToTheOtherWord) {
  const Tally tally = Explore(300, [] {
    Word word{0};
    Word other{0};
    auto wait = [&] { Wait(&word, 0); };
    std::thread a(wait);
    std::thread b(wait);
    std::this_thread::sleep_for(std::chrono::seconds(1));
    Check(Futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 0, Count(INT_MAX), &other,
                7) == -1 &&
              errno == EAGAIN,
          "requeued in spite of the comparison");
    Check(Futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 1, Count(INT_MAX), &other,
                0) == 2,
          "not one woken and one moved");
    Check(Wake(&word, INT_MAX) == 0, "somebody stayed");
    Check(Wake(&other, INT_MAX) == 1, "nobody arrived");
    a.join();
    b.join();
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Futex, WakeOperationChangesTheSecondWord) {
  const Tally tally = Explore(300, [] {
    Word word{0};
    Word other{3};
    std::thread a([&] { Wait(&word, 0); });
    std::thread b([&] {
      while (other.load() == 3) Wait(&other, 3);
    });
    std::this_thread::sleep_for(std::chrono::seconds(1));
    const uint32_t add_two_if_three =
        FUTEX_OP(FUTEX_OP_ADD, 2, FUTEX_OP_CMP_EQ, 3);
    Check(Futex(&word, FUTEX_WAKE_OP_PRIVATE, 1, Count(1), &other,
                add_two_if_three) == 2,
          "both should wake");
    Check(other == 5, "not changed");
    a.join();
    b.join();
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Futex, UnmodelledOperationIsRefusedByName) {
  const Tally tally = Explore(1, [] {
    Word word{0};
    Futex(&word, FUTEX_LOCK_PI, 0, nullptr, nullptr, 0);
  });
  EXPECT_EQ(tally.count(Verdict::kRefused), 1);
  EXPECT_NE(tally.message.find("futex"), std::string::npos) << tally.message;
}

TEST(Futex, UnmodelledSystemCallIsRefusedByNumber) {
  const Tally tally = Explore(1, [] { syscall(SYS_io_uring_setup, 1, 0); });
  EXPECT_EQ(tally.count(Verdict::kRefused), 1);
}

}  // namespace
}  // namespace reveille::explore

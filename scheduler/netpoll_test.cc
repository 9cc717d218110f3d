#include "scheduler/netpoll.h"

#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "scheduler/note.h"
#include "scheduler/park.h"
#include "scheduler/testing.h"

namespace reveille::internal {
namespace {

using testing::Await;
using testing::SocketPair;
using Direction = Netpoll::Direction;

// A waiter whose task is parked.
struct Parked {
  Parked() {
    ParkOperationAccess::SetG(&waiter, &g);
    EXPECT_TRUE(ParkOperationAccess::Commit(&waiter));
  }
  G g;
  Waiter waiter;
};

class NetpollTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string what;
    ASSERT_EQ(netpoll_.Init(&what), 0) << what;
  }
  // Polls without blocking; who became ready. Lowers the count as the scheduler
  // does.
  std::vector<G*> Poll(int64_t delay_ns = 0) {
    GList ready;
    const uint32_t delta = netpoll_.Poll(delay_ns, &ready);
    std::vector<G*> gs;
    while (G* g = ready.PopFront()) gs.push_back(g);
    netpoll_.waiters.fetch_sub(delta);
    return gs;
  }
  int Close(int fd, GList* woken) {
    uint32_t delta = 0;
    const int error = netpoll_.Close(fd, woken, &delta);
    netpoll_.waiters.fetch_sub(delta);
    return error;
  }
  Netpoll netpoll_;
  SocketPair pair_;
};

using Gs = std::vector<G*>;

TEST_F(NetpollTest, NothingIsReadyAtFirst) {
  EXPECT_EQ(Poll(), Gs{});
  EXPECT_EQ(netpoll_.waiters.load(), 0u);
}

TEST_F(NetpollTest, AReadableDescriptorWakesItsReader) {
  Parked reader;
  ASSERT_EQ(netpoll_.Block(pair_.near(), Direction::kRead, &reader.waiter), 0);
  EXPECT_EQ(netpoll_.waiters.load(), 1u);
  EXPECT_EQ(Poll(), Gs{});
  pair_.WriteFar();
  EXPECT_EQ(Poll(), Gs{&reader.g});
  EXPECT_EQ(reader.waiter.result(), Wake::kReady);
  EXPECT_EQ(netpoll_.waiters.load(), 0u);
}

TEST_F(NetpollTest, DataThatIsAlreadyThereEndsTheWaitAtOnce) {
  pair_.WriteFar();
  for (int i = 0; i < 3; ++i) {  // Level-triggered: as often as one asks.
    Parked reader;
    ASSERT_EQ(netpoll_.Block(pair_.near(), Direction::kRead, &reader.waiter),
              0);
    EXPECT_EQ(Poll(), Gs{&reader.g});
  }
}

TEST_F(NetpollTest, ReaderAndWriterOfOneDescriptorAreWokenOnTheirOwn) {
  Parked reader;
  Parked writer;
  pair_.FillNear();
  ASSERT_EQ(netpoll_.Block(pair_.near(), Direction::kRead, &reader.waiter), 0);
  ASSERT_EQ(netpoll_.Block(pair_.near(), Direction::kWrite, &writer.waiter), 0);
  pair_.WriteFar();
  EXPECT_EQ(Poll(), Gs{&reader.g});
  // The writer is still armed although one shot served the reader.
  pair_.EmptyFar();
  EXPECT_EQ(Poll(), Gs{&writer.g});
}

TEST_F(NetpollTest, TheEndOfTheOtherSideWakesBothDirections) {
  Parked reader;
  Parked writer;
  int fds[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
  char block[4096] = {};
  while (write(fds[0], block, sizeof block) > 0) {
  }
  ASSERT_EQ(netpoll_.Block(fds[0], Direction::kRead, &reader.waiter), 0);
  ASSERT_EQ(netpoll_.Block(fds[0], Direction::kWrite, &writer.waiter), 0);
  close(fds[1]);
  EXPECT_EQ(Poll().size(), 2u);
  close(fds[0]);
}

TEST_F(NetpollTest, ASecondWaiterForADirectionIsRefused) {
  Parked first;
  Parked second;
  ASSERT_EQ(netpoll_.Block(pair_.near(), Direction::kRead, &first.waiter), 0);
  EXPECT_EQ(netpoll_.Block(pair_.near(), Direction::kRead, &second.waiter),
            EBUSY);
  EXPECT_EQ(netpoll_.waiters.load(), 1u);
  pair_.WriteFar();
  EXPECT_EQ(Poll(), Gs{&first.g});
}

TEST_F(NetpollTest, WhatCannotBeWaitedForIsSaidAndNotCounted) {
  Parked waiter;
  EXPECT_EQ(netpoll_.Block(-1, Direction::kRead, &waiter.waiter), EBADF);
  EXPECT_EQ(netpoll_.Block(1 << 30, Direction::kRead, &waiter.waiter), EBADF);
  int dead = dup(pair_.near());
  close(dead);
  EXPECT_EQ(netpoll_.Block(dead, Direction::kRead, &waiter.waiter), EBADF);
  const int file = open("/proc/self/exe", O_RDONLY);
  ASSERT_GE(file, 0);
  EXPECT_EQ(netpoll_.Block(file, Direction::kRead, &waiter.waiter), EPERM);
  close(file);
  EXPECT_EQ(netpoll_.waiters.load(), 0u);
}

TEST_F(NetpollTest, OneThatUnblockedIsNotWokenAndNotCounted) {
  Parked reader;
  ASSERT_EQ(netpoll_.Block(pair_.near(), Direction::kRead, &reader.waiter), 0);
  netpoll_.Unblock(pair_.near(), Direction::kRead, &reader.waiter);
  EXPECT_EQ(netpoll_.waiters.load(), 0u);
  pair_.WriteFar();
  EXPECT_EQ(Poll(), Gs{});
}

TEST_F(NetpollTest, OneThatTimedOutIsCountedOffByThePollThatFindsIt) {
  Parked reader;
  ASSERT_EQ(netpoll_.Block(pair_.near(), Direction::kRead, &reader.waiter), 0);
  Waiter::Claimed claimed;
  ASSERT_TRUE(reader.waiter.Claim(Wake::kTimedOut, &claimed));
  pair_.WriteFar();
  EXPECT_EQ(Poll(), Gs{});
  EXPECT_EQ(netpoll_.waiters.load(), 0u);
  netpoll_.Unblock(pair_.near(), Direction::kRead, &reader.waiter);
  EXPECT_EQ(netpoll_.waiters.load(), 0u);  // Once, not twice.
}

// --- Close and reuse
// -----------------------------------------------------------

TEST_F(NetpollTest, CloseWakesBothWaitersWithClosed) {
  Parked reader;
  Parked writer;
  pair_.FillNear();
  const int fd = pair_.TakeNear();
  ASSERT_EQ(netpoll_.Block(fd, Direction::kRead, &reader.waiter), 0);
  ASSERT_EQ(netpoll_.Block(fd, Direction::kWrite, &writer.waiter), 0);
  GList woken;
  EXPECT_EQ(Close(fd, &woken), 0);
  EXPECT_EQ(woken.size(), 2u);
  EXPECT_EQ(reader.waiter.result(), Wake::kClosed);
  EXPECT_EQ(writer.waiter.result(), Wake::kClosed);
  EXPECT_EQ(netpoll_.waiters.load(), 0u);
  EXPECT_EQ(fcntl(fd, F_GETFD), -1);
}

TEST_F(NetpollTest, CloseOfANumberThatIsNotOpenSaysSo) {
  GList woken;
  EXPECT_EQ(Close(-1, &woken), EBADF);
  const int fd = dup(pair_.near());
  close(fd);
  EXPECT_EQ(Close(fd, &woken), EBADF);
}

TEST_F(NetpollTest, ANumberIsUsableAgainAfterClose) {
  const int fd = pair_.TakeNear();
  Parked first;
  ASSERT_EQ(netpoll_.Block(fd, Direction::kRead, &first.waiter), 0);
  GList woken;
  ASSERT_EQ(Close(fd, &woken), 0);
  SocketPair next;
  ASSERT_EQ(next.near(), fd) << "the kernel reuses the lowest number";
  Parked second;
  ASSERT_EQ(netpoll_.Block(fd, Direction::kRead, &second.waiter), 0);
  EXPECT_EQ(Poll(), Gs{});
  next.WriteFar();
  EXPECT_EQ(Poll(), Gs{&second.g});
}

TEST_F(NetpollTest, ANumberThatWasClosedBehindItsBackIsRegisteredAnew) {
  const int fd = pair_.TakeNear();
  Parked first;
  pair_.WriteFar();
  ASSERT_EQ(netpoll_.Block(fd, Direction::kRead, &first.waiter), 0);
  ASSERT_EQ(Poll(), Gs{&first.g});
  close(fd);  // Nobody waits; the kernel forgets the registration silently.
  SocketPair next;
  ASSERT_EQ(next.near(), fd);
  Parked second;
  ASSERT_EQ(netpoll_.Block(fd, Direction::kRead, &second.waiter), 0);
  next.WriteFar();
  EXPECT_EQ(Poll(), Gs{&second.g});
}

// --- Breaking a poll
// -----------------------------------------------------------

TEST_F(NetpollTest, ABreakBeforeABlockingPollIsLatched) {
  netpoll_.Break();
  EXPECT_EQ(Poll(-1), Gs{});  // Would block for ever.
}

TEST_F(NetpollTest, ABlockingPollConsumesTheBreak) {
  netpoll_.Break();
  EXPECT_EQ(Poll(-1), Gs{});
  const int64_t begin = NowNs();
  EXPECT_EQ(Poll(2'000'000), Gs{});
  EXPECT_GE(NowNs(), begin + 2'000'000);
}

TEST_F(NetpollTest, ANonBlockingPollNeitherDrainsNorClears) {
  netpoll_.Break();
  EXPECT_EQ(Poll(0), Gs{});
  EXPECT_EQ(Poll(0), Gs{});
  netpoll_.Break();  // Still in flight: writes nothing.
  EXPECT_EQ(netpoll_.breaks.load(), 1u);
  EXPECT_EQ(Poll(-1), Gs{});
}

TEST_F(NetpollTest, ABreakEndsAPollThatSleeps) {
  std::atomic<bool> done{false};
  std::thread sleeper([&] {
    EXPECT_EQ(Poll(-1), Gs{});
    done.store(true);
  });
  netpoll_.Break();
  sleeper.join();
  EXPECT_TRUE(done.load());
}

TEST_F(NetpollTest, ABreakDoesNotSwallowWhatIsReady) {
  Parked reader;
  ASSERT_EQ(netpoll_.Block(pair_.near(), Direction::kRead, &reader.waiter), 0);
  pair_.WriteFar();
  netpoll_.Break();
  EXPECT_EQ(Poll(-1), Gs{&reader.g});
}

TEST_F(NetpollTest, ADelayIsRoundedUpSoThatItDoesNotSpin) {
  const int64_t begin = NowNs();
  EXPECT_EQ(Poll(1), Gs{});
  EXPECT_GE(NowNs(), begin + 1);
}

// Promise: no break is lost, whenever it comes. A sleeper polls without a
// deadline as often as it is broken; one break that is swallowed stops both.
TEST_F(NetpollTest, NoBreakIsLostHoweverOftenItIsAsked) {
  const int rounds = testing::Rounds(20'000);
  std::atomic<int> woken{0};
  std::thread sleeper([&] {
    for (int i = 0; i < rounds; ++i) {
      Poll(-1);
      woken.fetch_add(1);
    }
  });
  for (int i = 0; i < rounds; ++i) {
    const int before = woken.load();
    netpoll_.Break();
    Await([&] { return woken.load() > before || woken.load() == rounds; });
  }
  sleeper.join();
}

// Promise: the count of waiters returns to zero after hundreds of thousands of
// waits that end in every way, concurrently. Go leaked it for years (#60782).
TEST_F(NetpollTest, HundredsOfThousandsOfWaitsLeakNoWaiter) {
  const int rounds = testing::Rounds(100'000);
  std::atomic<bool> done{false};
  std::thread poller([&] {
    while (!done.load()) Poll(1'000'000);
  });
  // They live to the end: the poller may still look at one that it has claimed.
  std::vector<std::unique_ptr<Parked>> parked[2];
  const auto wait = [&](SocketPair* pair, size_t me) {
    for (int i = 0; i < rounds; ++i) {
      auto& one = parked[me].emplace_back(std::make_unique<Parked>());
      const size_t way = (static_cast<size_t>(i) + me) % 3;
      if (way == 0) pair->WriteFar();
      ASSERT_EQ(netpoll_.Block(pair->near(), Direction::kRead, &one->waiter),
                0);
      Waiter::Claimed claimed;
      if (way == 0) {
        Await([&] { return ParkOperationAccess::Claimed(one->waiter); });
        pair->ReadNear();
      } else if (way == 1) {
        one->waiter.Claim(Wake::kTimedOut, &claimed);
      }
      netpoll_.Unblock(pair->near(), Direction::kRead, &one->waiter);
    }
  };
  SocketPair other;
  std::thread second(wait, &other, 1);
  wait(&pair_, 0);
  second.join();
  done.store(true);
  netpoll_.Break();
  poller.join();
  EXPECT_EQ(netpoll_.waiters.load(), 0u);
}

// Promise: a waiter on a descriptor number that was closed and given to another
// descriptor is not woken by an event of the old one. Judged by asking, after
// each wake, whether the new descriptor is readable; it never is.
TEST_F(NetpollTest, AnEventOfAClosedDescriptorWakesNoNextOwnerOfItsNumber) {
  std::atomic<bool> done{false};
  std::thread poller([&] {
    while (!done.load()) Poll(100'000);
  });
  std::vector<std::unique_ptr<Parked>> parked;
  int spurious = 0;
  // A yield on a busy machine costs whole time slices of others.
  const auto enough =
      std::chrono::steady_clock::now() + std::chrono::seconds(10);
  for (int round = 0; round < testing::Rounds(20'000); ++round) {
    if (std::chrono::steady_clock::now() > enough) break;
    SocketPair old;
    SocketPair next;
    const int fd = old.TakeNear();
    auto& first = parked.emplace_back(std::make_unique<Parked>());
    ASSERT_EQ(netpoll_.Block(fd, Direction::kRead, &first->waiter), 0);
    old.WriteFar();
    GList woken;
    Close(fd, &woken);
    const int reused = dup(next.near());
    ASSERT_EQ(reused, fd) << "the kernel reuses the lowest number";
    auto& second = parked.emplace_back(std::make_unique<Parked>());
    ASSERT_EQ(netpoll_.Block(fd, Direction::kRead, &second->waiter), 0);
    for (int i = 0; i < 20; ++i) std::this_thread::yield();
    Close(fd, &woken);
    spurious += second->waiter.result() == Wake::kReady;
  }
  done.store(true);
  netpoll_.Break();
  poller.join();
  EXPECT_EQ(spurious, 0);
}

// In a process of its own: takes away all descriptors, and says what failed.
void InitWithoutDescriptors() {
  rlimit none{0, 0};
  setrlimit(RLIMIT_NOFILE, &none);
  Netpoll netpoll;
  std::string what;
  const int error = netpoll.Init(&what);
  std::fprintf(stderr, "%s says %d\n", what.c_str(), error);
  std::_Exit(error == EMFILE ? 0 : 1);
}

TEST(NetpollDeathTest, WithoutDescriptorsItNamesTheCallThatFailed) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(InitWithoutDescriptors(), ::testing::ExitedWithCode(0),
              "epoll_create1 says");
}

}  // namespace
}  // namespace reveille::internal

// Virtual descriptors: pipes, socket pairs, eventfd, timerfd, poll and epoll.
#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <thread>

#include "sanitizers/explore/exploration.h"

namespace reveille::explore {
namespace {

uint64_t ReadCounter(int descriptor) {
  uint64_t value = 0;
  Check(read(descriptor, &value, sizeof value) == sizeof value, "short read");
  return value;
}

void AddToCounter(int descriptor, uint64_t value) {
  Check(write(descriptor, &value, sizeof value) == sizeof value, "short write");
}

void Watch(int epoll, int descriptor, uint32_t events) {
  epoll_event event = {};
  event.events = events;
  event.data.fd = descriptor;
  Check(epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0, "add");
}

TEST(Files, PipesCarryBytesAndEndOfFile) {
  const Tally tally = Explore(300, [] {
    int ends[2];
    Check(pipe(ends) == 0, "pipe");
    std::thread writer([&] {
      Check(write(ends[1], "hello", 5) == 5, "write");
      Check(write(ends[1], "!", 1) == 1, "write");
      close(ends[1]);
    });
    std::string got;
    char block[4];
    ssize_t count;
    while ((count = read(ends[0], block, sizeof block)) > 0) {
      got.append(block, static_cast<size_t>(count));
    }
    Check(count == 0 && got == "hello!", "other bytes");
    writer.join();
    close(ends[0]);
    Check(read(ends[0], block, 1) == -1 && errno == EBADF, "read after close");
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Files, FullPipesBlockTheirWriter) {
  const Tally tally = Explore(20, [] {
    int ends[2];
    pipe(ends);
    std::string much(100000, 'x');
    std::thread writer([&] {
      Check(write(ends[1], much.data(), much.size()) == 100000, "write");
      close(ends[1]);
    });
    size_t total = 0;
    char block[5000];
    ssize_t count;
    while ((count = read(ends[0], block, sizeof block)) > 0) {
      total += static_cast<size_t>(count);
    }
    Check(total == much.size(), "bytes lost");
    writer.join();
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Files, NonblockingCallsSayTryAgain) {
  const Tally tally = Explore(3, [] {
    int ends[2];
    pipe2(ends, O_NONBLOCK);
    char byte;
    Check(read(ends[0], &byte, 1) == -1 && errno == EAGAIN, "read");
    std::string much(70000, 'x');
    Check(write(ends[1], much.data(), much.size()) == 65536, "partial write");
    Check(write(ends[1], "x", 1) == -1 && errno == EAGAIN, "full");
    int waiting = 0;
    Check(ioctl(ends[0], FIONREAD, &waiting) == 0 && waiting == 65536,
          "FIONREAD");
    Check((fcntl(ends[0], F_GETFL) & O_NONBLOCK) != 0, "F_GETFL");
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Files, PlantedWriteToABrokenPipeIsACrash) {
  const Tally tally = Explore(1, [] {
    int ends[2];
    pipe(ends);
    close(ends[0]);
    write(ends[1], "x", 1);
  });
  EXPECT_EQ(tally.count(Verdict::kCrash), 1);
  EXPECT_NE(tally.message.find("SIGPIPE"), std::string::npos);
}

TEST(Files, SocketPairsGoBothWays) {
  const Tally tally = Explore(200, [] {
    int ends[2];
    Check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "socketpair");
    std::thread echo([&] {
      char byte;
      while (recv(ends[1], &byte, 1, 0) == 1) send(ends[1], &byte, 1, 0);
      close(ends[1]);
    });
    const iovec parts[2] = {{const_cast<char*>("a"), 1},
                            {const_cast<char*>("bc"), 2}};
    Check(writev(ends[0], parts, 2) == 3, "writev");
    shutdown(ends[0], SHUT_WR);
    std::string got;
    char byte;
    while (read(ends[0], &byte, 1) == 1) got += byte;
    Check(got == "abc", "another echo");
    echo.join();
    Check(send(ends[0], "x", 1, MSG_NOSIGNAL) == -1 && errno == EPIPE, "EPIPE");
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Files, EventDescriptorsCount) {
  const Tally tally = Explore(300, [] {
    const int counter = eventfd(0, 0);
    std::thread a([&] { AddToCounter(counter, 2); });
    std::thread b([&] { AddToCounter(counter, 3); });
    uint64_t sum = ReadCounter(counter);
    if (sum != 5) sum += ReadCounter(counter);
    Check(sum == 5, "not five");
    a.join();
    b.join();
    const int tokens = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
    Check(ReadCounter(tokens) == 1, "first token");
    Check(ReadCounter(tokens) == 1, "second token");
    uint64_t value;
    Check(read(tokens, &value, 8) == -1 && errno == EAGAIN, "empty");
    Check(read(tokens, &value, 4) == -1 && errno == EINVAL, "too small");
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Files, EventDescriptorsHaveTheirConveniences) {
  const Tally tally = Explore(100, [] {
    const int counter = eventfd(0, 0);
    std::thread writer([&] { Check(eventfd_write(counter, 5) == 0, "write"); });
    eventfd_t value = 0;
    Check(eventfd_read(counter, &value) == 0 && value == 5, "read");
    writer.join();
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Files, TimerDescriptorsExpireInVirtualTime) {
  const Tally tally = Explore(20, [] {
    const int timer = timerfd_create(CLOCK_MONOTONIC, 0);
    itimerspec setting = {};
    setting.it_value.tv_sec = 3600;
    setting.it_interval.tv_sec = 10;
    timerfd_settime(timer, 0, &setting, nullptr);
    const auto before = std::chrono::steady_clock::now();
    Check(ReadCounter(timer) == 1, "first");
    Check(std::chrono::steady_clock::now() - before >= std::chrono::hours(1),
          "too early");
    std::this_thread::sleep_for(std::chrono::seconds(25));
    Check(ReadCounter(timer) == 2, "missed expirations are counted");
    itimerspec left;
    timerfd_gettime(timer, &left);
    Check(left.it_interval.tv_sec == 10 && left.it_value.tv_sec < 10, "left");
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Files, DuplicatesShareTheirDescription) {
  const Tally tally = Explore(3, [] {
    const int counter = eventfd(1, EFD_NONBLOCK);
    const int copy = dup(counter);
    close(counter);
    Check(ReadCounter(copy) == 1, "dup");
    const int third = fcntl(copy, F_DUPFD_CLOEXEC, 600);
    Check(third >= 600, "F_DUPFD");
    AddToCounter(third, 4);
    Check(ReadCounter(copy) == 4, "shared");
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Files, RealPipesAreRefusedByName) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const Tally tally = Explore(1, [&] {
    char byte;
    read(ends[0], &byte, 1);
  });
  EXPECT_EQ(tally.count(Verdict::kRefused), 1);
  EXPECT_NE(tally.message.find("read"), std::string::npos) << tally.message;
  close(ends[0]);
  close(ends[1]);
}

TEST(Polling, PollWaitsForAnyOfItsDescriptors) {
  const Tally tally = Explore(300, [] {
    const int a = eventfd(0, 0);
    const int b = eventfd(0, 0);
    std::thread writer([&] { AddToCounter(b, 1); });
    pollfd entries[3] = {{a, POLLIN, 0}, {b, POLLIN, 0}, {-1, POLLIN, 0}};
    Check(poll(entries, 3, -1) == 1, "one is ready");
    Check(entries[0].revents == 0 && entries[1].revents == POLLIN, "which");
    writer.join();
    ReadCounter(b);
    Check(poll(entries, 2, 0) == 0, "none is ready");
    Check(poll(entries, 2, 1000) == 0, "time passes");
    Check(poll(entries, 1, 10) == 0, "time passes again");
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Polling, LevelTriggeredEpollReportsUntilDrained) {
  const Tally tally = Explore(200, [] {
    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    const int counter = eventfd(0, EFD_NONBLOCK);
    Watch(epoll, counter, EPOLLIN);
    std::thread writer([&] { AddToCounter(counter, 1); });
    epoll_event events[4];
    Check(epoll_wait(epoll, events, 4, -1) == 1, "one");
    Check(events[0].data.fd == counter, "data");
    Check(epoll_wait(epoll, events, 4, 0) == 1, "still there");
    ReadCounter(counter);
    Check(epoll_wait(epoll, events, 4, 0) == 0, "drained");
    Check(epoll_wait(epoll, events, 4, 50) == 0, "timeout");
    writer.join();
    Check(epoll_ctl(epoll, EPOLL_CTL_DEL, counter, nullptr) == 0, "del");
    AddToCounter(counter, 1);
    Check(epoll_wait(epoll, events, 4, 0) == 0, "not watched any more");
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Polling, EdgeTriggeredEpollReportsEachEdgeOnce) {
  const Tally tally = Explore(200, [] {
    const int epoll = epoll_create1(0);
    const int counter = eventfd(0, EFD_NONBLOCK);
    Watch(epoll, counter, EPOLLIN | EPOLLET);
    epoll_event events[4];
    AddToCounter(counter, 1);
    Check(epoll_wait(epoll, events, 4, -1) == 1, "first edge");
    Check(epoll_wait(epoll, events, 4, 0) == 0, "no new edge");
    AddToCounter(counter, 1);
    Check(epoll_wait(epoll, events, 4, -1) == 1, "second edge");
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

// The kernel wakes who waits to write on every read of a counter.
TEST(Polling, ReadingACounterIsAnEdgeForWhoWaitsToWrite) {
  const Tally tally = Explore(200, [] {
    const int epoll = epoll_create1(0);
    const int counter = eventfd(0, EFD_NONBLOCK);
    Watch(epoll, counter, EPOLLIN | EPOLLOUT | EPOLLET);
    epoll_event events[4];
    Check(epoll_wait(epoll, events, 4, 0) == 1, "writable from the first");
    AddToCounter(counter, UINT64_MAX - 1);
    Check(epoll_wait(epoll, events, 4, 0) == 1, "full");
    Check((events[0].events & EPOLLOUT) == 0, "no room");
    std::thread reader([&] { ReadCounter(counter); });
    Check(epoll_wait(epoll, events, 4, -1) == 1, "drained");
    Check(events[0].events == EPOLLOUT, "room");
    reader.join();
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Polling, EdgeOfTheOtherDirectionIsNoNews) {
  const Tally tally = Explore(200, [] {
    const int epoll = epoll_create1(0);
    int ends[2];
    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends);
    Watch(epoll, ends[0], EPOLLIN | EPOLLET);
    write(ends[1], "ab", 2);
    epoll_event event;
    Check(epoll_wait(epoll, &event, 1, 0) == 1, "something to read");
    write(ends[0], "x", 1);
    char byte;
    read(ends[1], &byte, 1);  // room for who writes; nobody asked
    Check(epoll_wait(epoll, &event, 1, 0) == 0, "told again");
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Polling, PlantedUndrainedEdgeIsADeadlock) {
  const Tally tally = Explore(100, [] {
    const int epoll = epoll_create1(0);
    int ends[2];
    pipe2(ends, O_NONBLOCK);
    Watch(epoll, ends[0], EPOLLIN | EPOLLET);
    std::thread writer([&] { write(ends[1], "ab", 2); });
    for (int taken = 0; taken < 2; ++taken) {
      epoll_event event;
      epoll_wait(epoll, &event, 1, -1);
      char byte;
      read(ends[0], &byte, 1);  // takes one of two, and waits for an edge
    }
    writer.join();
  });
  EXPECT_EQ(tally.count(Verdict::kDeadlock), 100) << tally.message;
}

TEST(Polling, OneShotStrikesOnceUntilRearmed) {
  const Tally tally = Explore(200, [] {
    const int epoll = epoll_create1(0);
    const int counter = eventfd(1, EFD_NONBLOCK);
    Watch(epoll, counter, EPOLLIN | EPOLLONESHOT);
    std::atomic<int> reports{0};
    auto wait = [&] {
      epoll_event event;
      reports.fetch_add(epoll_wait(epoll, &event, 1, 100));
    };
    std::thread a(wait);
    std::thread b(wait);
    a.join();
    b.join();
    Check(reports == 1, "reported twice");
    epoll_event event = {};
    event.events = EPOLLIN | EPOLLONESHOT;
    epoll_ctl(epoll, EPOLL_CTL_MOD, counter, &event);
    Check(epoll_wait(epoll, &event, 1, 0) == 1, "not re-armed");
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Polling, WaiterWhoseEventAnotherTookWaitsUntilItsDeadline) {
  const Tally tally = Explore(200, [] {
    const int epoll = epoll_create1(0);
    const int counter = eventfd(1, EFD_NONBLOCK);
    Watch(epoll, counter, EPOLLIN | EPOLLONESHOT);
    const auto before = std::chrono::steady_clock::now();
    std::atomic<int> reports{0};
    auto wait = [&] {
      epoll_event event;
      const int count = epoll_wait(epoll, &event, 1, 100);
      const auto after = std::chrono::steady_clock::now();
      Check(count == 1 || after - before >= std::chrono::milliseconds(100),
            "returned early with nothing");
      reports.fetch_add(count);
    };
    std::thread a(wait);
    std::thread b(wait);
    a.join();
    b.join();
    Check(reports == 1, "reported twice");
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Polling, ClosingForgetsTheInterest) {
  const Tally tally = Explore(3, [] {
    const int epoll = epoll_create1(0);
    const int counter = eventfd(1, 0);
    Watch(epoll, counter, EPOLLIN);
    epoll_event event = {};
    Check(epoll_ctl(epoll, EPOLL_CTL_ADD, counter, &event) == -1 &&
              errno == EEXIST,
          "EEXIST");
    close(counter);
    Check(epoll_wait(epoll, &event, 1, 0) == 0, "a closed descriptor reports");
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Polling, TimersAndNestedEpollsWakeTheOuterOne) {
  const Tally tally = Explore(20, [] {
    const int inner = epoll_create1(0);
    const int outer = epoll_create1(0);
    const int timer = timerfd_create(CLOCK_MONOTONIC, 0);
    Watch(inner, timer, EPOLLIN);
    Watch(outer, inner, EPOLLIN);
    itimerspec setting = {};
    setting.it_value.tv_sec = 1;
    timerfd_settime(timer, 0, &setting, nullptr);
    epoll_event event;
    Check(epoll_wait(outer, &event, 1, -1) == 1, "outer");
    Check(event.data.fd == inner, "which");
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

// The classic netpoll bug: the flag that a wakeup is under way is not cleared.
TEST(Polling, PlantedStaleWakeFlagLosesTheNextWakeup) {
  const Tally tally = Explore(200, [] {
    const int epoll = epoll_create1(0);
    const int wake = eventfd(0, EFD_NONBLOCK);
    Watch(epoll, wake, EPOLLIN);
    std::atomic<bool> waking{false};
    auto break_wait = [&] {
      if (!waking.exchange(true)) AddToCounter(wake, 1);
    };
    std::thread poller([&] {
      for (int i = 0; i < 2; ++i) {
        epoll_event event;
        epoll_wait(epoll, &event, 1, -1);
        ReadCounter(wake);  // and forgets waking.store(false)
      }
    });
    break_wait();
    break_wait();
    poller.join();
  });
  EXPECT_EQ(tally.count(Verdict::kDeadlock), 200) << tally.message;
}

}  // namespace
}  // namespace reveille::explore

// What the tests of this folder share: a scheduler to hold in one line, and
// waiting that takes as long as it takes. A test that waits for something that
// never comes is ended by CTest's limit, which is a failure with stacks to
// look at; no test takes "it took long" for "it will not happen".
#ifndef REVEILLE_SCHEDULER_TESTING_H_
#define REVEILLE_SCHEDULER_TESTING_H_

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <ostream>
#include <string>
#include <thread>
#include <utility>

#include "reveille/scheduler.h"

namespace reveille::testing {

#if defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define REVEILLE_UNDER_SANITIZER 1
#endif
#endif
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define REVEILLE_UNDER_SANITIZER 1
#endif

// Rounds of a loop that looks for races: fewer where each costs ten times more.
#if defined(REVEILLE_UNDER_SANITIZER) || !defined(__OPTIMIZE__)
inline constexpr int Rounds(int n) { return n / 8 + 1; }
#else
inline constexpr int Rounds(int n) { return n; }
#endif

// Without rescuers: what works here works by the protocol alone.
inline Options Unrescued(int procs) {
  Options options;
  options.procs = procs;
  options.sysmon_netpoll = false;
  options.sysmon_retake = false;
  options.sysmon_preempt = false;
  return options;
}

inline Options Rescued(int procs) {
  Options options;
  options.procs = procs;
  return options;
}

inline std::unique_ptr<Scheduler> Start(const Options& options) {
  auto created = Scheduler::Create(options);
  EXPECT_TRUE(created.ok()) << created.status();
  return std::move(created).value();
}

// Looks until it is so.
template <typename Condition>
void Await(Condition condition) {
  while (!condition()) std::this_thread::yield();
}

// For threads that shall begin together: all leave when the last has come.
class StartLine {
 public:
  explicit StartLine(int runners) : missing_(runners) {}
  void Arrive() {
    missing_.fetch_sub(1);
    Await([this] { return missing_.load() <= 0; });
  }

 private:
  std::atomic<int> missing_;
};

// A parameter of a test, with the name that the test's instance shall have.
template <typename T>
struct Named {
  const char* name;
  T value;
};
template <typename T>
void PrintTo(const Named<T>& named, std::ostream* out) {
  *out << named.name;
}
// For INSTANTIATE_TEST_SUITE_P.
inline constexpr auto kByName = [](const auto& tested) {
  return std::string(tested.param.name);
};

// Two connected descriptors, closed at the end unless they were taken.
class SocketPair {
 public:
  SocketPair() {
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds_), 0);
  }
  ~SocketPair() {
    for (int fd : fds_) {
      if (fd >= 0) close(fd);
    }
  }
  SocketPair(const SocketPair&) = delete;
  SocketPair& operator=(const SocketPair&) = delete;

  int near() const { return fds_[0]; }
  int far() const { return fds_[1]; }
  int TakeNear() { return std::exchange(fds_[0], -1); }
  // What is written at one end can be read at the other.
  void WriteFar() { EXPECT_EQ(write(fds_[1], "x", 1), 1); }
  void ReadNear() {
    char byte;
    EXPECT_EQ(read(fds_[0], &byte, 1), 1);
  }
  void FillNear() {
    char block[4096] = {};
    while (write(fds_[0], block, sizeof block) > 0) {
    }
  }
  void EmptyFar() {
    char block[4096];
    while (read(fds_[1], block, sizeof block) > 0) {
    }
  }

 private:
  int fds_[2] = {-1, -1};
};

}  // namespace reveille::testing

#endif  // REVEILLE_SCHEDULER_TESTING_H_

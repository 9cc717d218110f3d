#include "scheduler/poll_desc_table.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "scheduler/testing.h"

namespace reveille::internal {
namespace {

// Both ends of the first leaves, of segments, and of the table.
std::vector<int> Borders() {
  std::vector<int> fds = {0, 1, 15, 16, 17, 31, 32, PollDescTable::kMaxFds - 1};
  for (int power = 64; power < PollDescTable::kMaxFds; power *= 2) {
    fds.insert(fds.end(), {power - 1, power, power + 1});
  }
  return fds;
}

TEST(PollDescTableTest, FindsNothingBeforeItWasAskedFor) {
  PollDescTable table;
  for (int fd : Borders()) EXPECT_EQ(table.Find(fd), nullptr) << fd;
  EXPECT_NE(table.FindOrCreate(100), nullptr);
  EXPECT_EQ(table.Find(1000), nullptr);
}

TEST(PollDescTableTest, EveryNumberHasItsOwnAndKeepsIt) {
  PollDescTable table;
  std::set<PollDesc*> all;
  for (int fd : Borders()) all.insert(table.FindOrCreate(fd));
  for (int fd = 0; fd < 5000; ++fd) all.insert(table.FindOrCreate(fd));
  std::set<int> fds;
  for (int fd : Borders()) fds.insert(fd);
  for (int fd = 0; fd < 5000; ++fd) fds.insert(fd);
  EXPECT_EQ(all.size(), fds.size());
  for (int fd : fds) {
    EXPECT_EQ(all.count(table.Find(fd)), 1u) << fd;
    EXPECT_EQ(table.FindOrCreate(fd), table.Find(fd)) << fd;
  }
}

TEST(PollDescTableTest, RefusesWhatIsOutOfRange) {
  PollDescTable table;
  for (int fd : {-1, -PollDescTable::kMaxFds, PollDescTable::kMaxFds, 1 << 30,
                 0x7fffffff}) {
    EXPECT_EQ(table.FindOrCreate(fd), nullptr) << fd;
    EXPECT_EQ(table.Find(fd), nullptr) << fd;
  }
}

// Promise: whoever asks for the same number at the same time gets the same
// PollDesc, also when that makes the segment.
TEST(PollDescTableTest, TwoThatAskAtOnceGetTheSame) {
  for (int round = 0; round < testing::Rounds(500); ++round) {
    PollDescTable table;
    testing::StartLine line(2);
    std::vector<PollDesc*> seen[2];
    std::vector<std::thread> threads;
    for (auto& mine : seen) {
      threads.emplace_back([&] {
        line.Arrive();
        for (int fd : Borders()) {
          if (fd < 4096) mine.push_back(table.FindOrCreate(fd));
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(seen[0], seen[1]);
  }
}

}  // namespace
}  // namespace reveille::internal

#include "stress/scenarios/channel.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <vector>

namespace reveille::stress {
namespace {

bool IsReady(int fd, short events) {
  pollfd poll_fd = {fd, events, 0};
  return ::poll(&poll_fd, 1, 0) == 1 && (poll_fd.revents & events) != 0;
}

// Sixteen seeds give each kind several times.
class ChannelTest : public testing::TestWithParam<int> {
 protected:
  Dice dice_{static_cast<uint64_t>(GetParam())};
  Channel channel_{dice_};
};

TEST_P(ChannelTest, FedChannelIsReadableUntilDrained) {
  ASSERT_TRUE(channel_.ok());
  EXPECT_FALSE(IsReady(channel_.read_fd(), POLLIN));
  EXPECT_FALSE(channel_.Drain());
  channel_.Feed();
  channel_.Feed();
  EXPECT_TRUE(IsReady(channel_.read_fd(), POLLIN));
  EXPECT_TRUE(channel_.Drain());
  EXPECT_FALSE(IsReady(channel_.read_fd(), POLLIN));
}

TEST_P(ChannelTest, FilledChannelIsNotWritableUntilDrained) {
  EXPECT_TRUE(IsReady(channel_.write_fd(), POLLOUT));
  channel_.Fill();
  EXPECT_FALSE(IsReady(channel_.write_fd(), POLLOUT));
  channel_.Drain();
  EXPECT_TRUE(IsReady(channel_.write_fd(), POLLOUT));
}

TEST_P(ChannelTest, CloseClosesBothEndsOnce) {
  const int read_fd = channel_.read_fd();
  const int write_fd = channel_.write_fd();
  channel_.CloseThrough(nullptr);
  EXPECT_EQ(::fcntl(read_fd, F_GETFD), -1);
  EXPECT_EQ(::fcntl(write_fd, F_GETFD), -1);
  EXPECT_FALSE(channel_.ok());
  channel_.CloseThrough(nullptr);
}

// Remembers in which order it is asked to close.
class ClosingOrder : public NetpollPool {
 public:
  void SubmitOnReadable(int, PoolClock::time_point,
                        absl::AnyInvocable<void(Event)>) override {}
  void SubmitOnWritable(int, PoolClock::time_point,
                        absl::AnyInvocable<void(Event)>) override {}
  void Close(int fd) override { closed.push_back(fd); }
  std::vector<int> closed;
};

TEST_P(ChannelTest, EndThatSomebodyWaitsForIsClosedFirst) {
  const int read_fd = channel_.read_fd();
  const int write_fd = channel_.write_fd();
  ClosingOrder pool;
  channel_.CloseThrough(&pool, /*writing_end_first=*/read_fd != write_fd);
  EXPECT_EQ(pool.closed.front(), write_fd);
  EXPECT_EQ(pool.closed.back(), read_fd);
}

INSTANTIATE_TEST_SUITE_P(Seeds, ChannelTest, testing::Range(0, 16));

}  // namespace
}  // namespace reveille::stress

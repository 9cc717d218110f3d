#include "stress/scenarios/channel.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

namespace reveille::stress {

Channel::Channel(Dice& dice) : kind_(static_cast<Kind>(dice.Below(3))) {
  Open();
}

void Channel::Open() {
  int fds[2] = {-1, -1};
  switch (kind_) {
    case Kind::kPipe:
      if (::pipe2(fds, O_NONBLOCK | O_CLOEXEC) != 0) return;
      break;
    case Kind::kSocketPair:
      if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
                       fds) != 0) {
        return;
      }
      break;
    case Kind::kEventFd:
      fds[0] = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
      fds[1] = fds[0];
      break;
  }
  read_fd_ = fds[0];
  write_fd_ = fds[1];
}

Channel::~Channel() { CloseThrough(nullptr); }

void Channel::CloseThrough(NetpollPool* pool, bool writing_end_first) {
  const auto close = [pool](int fd) {
    if (fd < 0) return;
    if (pool != nullptr) {
      pool->Close(fd);
    } else {
      ::close(fd);
    }
  };
  if (write_fd_ == read_fd_) write_fd_ = -1;
  close(writing_end_first ? write_fd_ : read_fd_);
  close(writing_end_first ? read_fd_ : write_fd_);
  read_fd_ = write_fd_ = -1;
}

void Channel::Feed() {
  const uint64_t one = 1;
  [[maybe_unused]] const auto n = ::write(write_fd_, &one, sizeof one);
}

bool Channel::Drain() {
  uint64_t buffer[1024];
  bool any = false;
  while (::read(read_fd_, buffer, sizeof buffer) > 0) any = true;
  return any;
}

void Channel::Fill() {
  if (kind_ == Kind::kEventFd) {
    const uint64_t full = UINT64_MAX - 1;
    [[maybe_unused]] const auto n = ::write(write_fd_, &full, sizeof full);
    return;
  }
  static constexpr char kBlock[4096] = {};
  while (::write(write_fd_, kBlock, sizeof kBlock) > 0) {
  }
}

}  // namespace reveille::stress

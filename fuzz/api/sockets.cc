#include "fuzz/api/sockets.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz/promise.h"

namespace reveille::fuzz {

SocketPair::SocketPair(int at_least) {
  int ends[2];
  Promise(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
                     ends) == 0,
          "there are descriptors for the script");
  near_ = ends[0];
  far_ = ends[1];
  const int high = at_least == 0 ? -1 : fcntl(near_, F_DUPFD_CLOEXEC, at_least);
  if (high < 0) return;
  close(near_);
  near_ = high;
}

SocketPair::~SocketPair() {
  if (!closed()) close(near_);
  close(far_);
}

bool SocketPair::closed() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return closed_;
}

void SocketPair::Close(const std::function<void()>& close) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (closed_) return;
  closed_ = true;
  close();
}

// What does not go out is not needed: it is readable already.
void SocketPair::MakeReadable() const {
  [[maybe_unused]] const auto sent = send(far_, "x", 1, MSG_NOSIGNAL);
}

void SocketPair::EndOfFile() const { shutdown(far_, SHUT_WR); }

void SocketPair::Fill() const {
  if (closed()) return;
  const char zeros[4096] = {};
  while (send(near_, zeros, sizeof zeros, MSG_NOSIGNAL) > 0) {
  }
}

void SocketPair::Empty() const {
  char bytes[4096];
  while (recv(far_, bytes, sizeof bytes, 0) > 0) {
  }
}

// Under the lock: the number of a closed one may be anybody's.
void SocketPair::Reuse() {
  int ends[2];
  const std::lock_guard<std::mutex> lock(mutex_);
  if (closed_ || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                            0, ends) != 0) {
    return;
  }
  dup3(ends[0], near_, O_CLOEXEC);
  close(ends[0]);
  close(ends[1]);
}

int RegularFile() {
  static const int file = memfd_create("regular", MFD_CLOEXEC);
  return file;
}

}  // namespace reveille::fuzz

#include "scheduler/netpoll.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

namespace reveille::internal {
namespace {
constexpr int kEvents = 128;
constexpr uint32_t kReadEvents = EPOLLIN | EPOLLRDHUP;
constexpr uint32_t kReadDone = EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR;
constexpr uint32_t kWriteDone = EPOLLOUT | EPOLLHUP | EPOLLERR;

int ToMilliseconds(int64_t delay_ns) {
  if (delay_ns <= 0) return delay_ns < 0 ? -1 : 0;
  // Rounded up: a poll that returns early would spin until the time has come.
  const int64_t ms = (delay_ns + 999999) / 1000000;
  return static_cast<int>(std::min<int64_t>(ms, 1000000000));
}

uint64_t Tag(int fd, uint32_t generation) {
  return uint64_t{generation} << 32 | static_cast<uint32_t>(fd);
}

uint32_t EventsFor(PollDesc::Interest interest) {
  return (interest.read ? kReadEvents : 0) |
         (interest.write ? uint32_t{EPOLLOUT} : 0) | EPOLLONESHOT;
}
}  // namespace

Netpoll::~Netpoll() {
  if (event_fd_ >= 0) close(event_fd_);
  if (epoll_fd_ >= 0) close(epoll_fd_);
}

int Netpoll::Init(std::string* what) {
  *what = "epoll_create1";
  epoll_fd_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd_ < 0) return errno;
  *what = "eventfd";
  event_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (event_fd_ < 0) return errno;
  *what = "epoll_ctl";
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = Tag(event_fd_, 0);
  return epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, event_fd_, &event) == 0 ? 0
                                                                     : errno;
}

int Netpoll::Block(int fd, Direction direction, Waiter* waiter) {
  PollDesc* desc = descs_.FindOrCreate(fd);
  if (desc == nullptr) return EBADF;
  MutexLock lock(&desc->mutex);
  if (!desc->Put(direction, waiter)) return EBUSY;
  // Before the arming: from then on a poller may wake the G and lower it.
  waiters.fetch_add(1);
  const int error = Arm(fd, desc);
  if (error == 0) return 0;
  desc->Take(direction, waiter);
  waiters.fetch_sub(1);
  return error;
}

void Netpoll::Unblock(int fd, Direction direction, Waiter* waiter) {
  PollDesc* desc = descs_.Find(fd);
  MutexLock lock(&desc->mutex);
  // What stays armed in the kernel fires once at most and finds nobody.
  if (desc->Take(direction, waiter)) waiters.fetch_sub(1);
}

int Netpoll::Arm(int fd, PollDesc* desc) REVEILLE_NO_THREAD_SAFETY_ANALYSIS {
  epoll_event event{};
  event.events = EventsFor(desc->interest());
  event.data.u64 = Tag(fd, ++desc->generation);
  // The number may have been closed and reused since: then MOD says ENOENT.
  // Or it was registered by somebody we did not hear of: then ADD says EEXIST.
  int op = desc->registered ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  if (epoll_ctl(epoll_fd_, op, fd, &event) == 0) {
    desc->registered = true;
    return 0;
  }
  if (errno != ENOENT && errno != EEXIST) return errno;
  op = errno == ENOENT ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  desc->registered = epoll_ctl(epoll_fd_, op, fd, &event) == 0;
  return desc->registered ? 0 : errno;
}

uint32_t Netpoll::Finish(PollDesc* desc, Direction direction, Wake wake,
                         GList* woken) REVEILLE_NO_THREAD_SAFETY_ANALYSIS {
  const PollDesc::Interest before = desc->interest();
  const bool waited =
      direction == Direction::kRead ? before.read : before.write;
  if (!waited) return 0;
  Waiter::Claimed claimed;
  if (desc->Wake(direction, wake, &claimed)) woken->PushBack(claimed.g);
  // Also for one that lost its race to a deadline: it has left the slot here.
  return 1;
}

int Netpoll::Close(int fd, GList* woken, uint32_t* delta) {
  *delta = 0;
  PollDesc* desc = descs_.FindOrCreate(fd);
  if (desc == nullptr) return EBADF;
  MutexLock lock(&desc->mutex);
  *delta += Finish(desc, Direction::kRead, Wake::kClosed, woken);
  *delta += Finish(desc, Direction::kWrite, Wake::kClosed, woken);
  if (desc->registered) epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr);
  desc->registered = false;
  ++desc->generation;
  // Under the lock: a new owner of the number must not be armed before.
  return close(fd) == 0 ? 0 : errno;
}

uint32_t Netpoll::Poll(int64_t delay_ns, GList* ready) {
  epoll_event events[kEvents];
  int n;
  do {
    n = epoll_wait(epoll_fd_, events, kEvents, ToMilliseconds(delay_ns));
    // With a delay, return on EINTR, so that the caller computes it anew.
  } while (n < 0 && errno == EINTR && delay_ns < 0);
  uint32_t delta = 0;
  for (int i = 0; i < n; ++i) {
    const uint64_t tag = events[i].data.u64;
    if (tag != Tag(event_fd_, 0)) {
      delta += Dispatch(tag, events[i].events, ready);
    } else if (delay_ns != 0) {
      Drain();
    }
  }
  return delta;
}

uint32_t Netpoll::Dispatch(uint64_t tag, uint32_t events, GList* ready) {
  const int fd = static_cast<int>(static_cast<uint32_t>(tag));
  PollDesc* desc = descs_.Find(fd);
  if (desc == nullptr) return 0;
  uint32_t delta = 0;
  MutexLock lock(&desc->mutex);
  // A later arming is level-triggered: it reports again what still holds.
  if (tag != Tag(fd, desc->generation)) return 0;
  if ((events & kReadDone) != 0) {
    delta += Finish(desc, Direction::kRead, Wake::kReady, ready);
  }
  if ((events & kWriteDone) != 0) {
    delta += Finish(desc, Direction::kWrite, Wake::kReady, ready);
  }
  // One shot disarmed both directions; the other waiter still wants his.
  if (desc->interest().Any()) Arm(fd, desc);
  return delta;
}

void Netpoll::Drain() {
  uint64_t count;
  while (read(event_fd_, &count, sizeof count) < 0 && errno == EINTR) {
  }
  // After the read: a Break() in between writes again. The other way round its
  // write would be drained and its flag kept: every later break swallowed.
  wake_sig_.store(false);
}

void Netpoll::Break() {
  bool expected = false;
  if (!wake_sig_.compare_exchange_strong(expected, true)) return;
  breaks.fetch_add(1);
  const uint64_t one = 1;
  while (write(event_fd_, &one, sizeof one) < 0 && errno == EINTR) {
  }
}

}  // namespace reveille::internal

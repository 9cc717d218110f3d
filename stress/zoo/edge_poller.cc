#include "stress/zoo/edge_poller.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace reveille::stress::zoo {
namespace {

constexpr uint64_t kBreakKey = UINT64_MAX;

uint64_t KeyOf(int fd, uint32_t id) {
  return (uint64_t{id} << 32) | static_cast<uint32_t>(fd);
}

}  // namespace

EdgePoller::EdgePoller(std::function<void(PoolFn)> enqueue)
    : enqueue_(std::move(enqueue)) {}

EdgePoller::~EdgePoller() { Stop(); }

void EdgePoller::SubmitOnReadable(int fd, TimePoint deadline, Done done) {
  Submit(fd, kRead, deadline, std::move(done));
}

void EdgePoller::SubmitOnWritable(int fd, TimePoint deadline, Done done) {
  Submit(fd, kWrite, deadline, std::move(done));
}

void EdgePoller::Submit(int fd, Direction direction, TimePoint deadline,
                        Done done) {
  auto wait = std::make_unique<Wait>(Wait{deadline, std::move(done)});
  {
    Lock lock(mutex_);
    StartThread();
    if (!Register(fd)) return Finish(std::move(wait), Event::kFailed);
  }
  Begin(fd, direction, std::move(wait));
}

bool EdgePoller::Register(int fd) {
  const auto [at, is_new] = table_.try_emplace(fd, Entry{next_id_, {}});
  if (!is_new) return true;
  epoll_event event = {};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u64 = KeyOf(fd, next_id_++);
  if (::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) == 0) return true;
  table_.erase(at);
  return false;
}

bool EdgePoller::IsReady(int fd, Direction direction) {
  pollfd entry = {};
  entry.fd = fd;
  entry.events = direction == kRead ? POLLIN | POLLRDHUP : POLLOUT;
  return ::poll(&entry, 1, 0) > 0;
}

void EdgePoller::Install(int fd, Direction direction,
                         std::unique_ptr<Wait> wait) {
  const auto at = table_.find(fd);
  if (at == table_.end()) return Finish(std::move(wait), Event::kClosed);
  std::unique_ptr<Wait>& place = at->second.waits[direction];
  if (place != nullptr) return Finish(std::move(wait), Event::kBusy);
  const bool has_deadline = wait->deadline != TimePoint::max();
  place = std::move(wait);
  if (has_deadline) Break();
}

void EdgePoller::Finish(std::unique_ptr<Wait> wait, Event event) {
  enqueue_([done = std::move(wait->done), event]() mutable { done(event); });
}

void EdgePoller::Close(int fd) {
  Lock lock(mutex_);
  const auto at = table_.find(fd);
  if (at != table_.end()) {
    for (auto& wait : at->second.waits) {
      if (wait != nullptr) Finish(std::move(wait), Event::kClosed);
    }
    table_.erase(at);
    ::epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr);
  }
  ::close(fd);
}

void EdgePoller::StartThread() {
  if (thread_.joinable()) return;
  epoll_fd_ = ::epoll_create1(EPOLL_CLOEXEC);
  break_fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.u64 = kBreakKey;
  ::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, break_fd_, &event);
  thread_ = std::thread([this] { Work(); });
}

void EdgePoller::Break() { ::eventfd_write(break_fd_, 1); }

void EdgePoller::Work() {
  Lock lock(mutex_);
  while (!stopping_) {
    const int timeout_ms = Expire();
    lock.unlock();
    epoll_event events[16];
    const int n = ::epoll_wait(epoll_fd_, events, 16, timeout_ms);
    lock.lock();
    for (int i = 0; i < n; ++i) Deliver(events[i].data.u64);
  }
}

// An edge says that something changed; only a look says what is true by now.
void EdgePoller::Deliver(uint64_t key) {
  if (key == kBreakKey) {
    eventfd_t ignored;
    ::eventfd_read(break_fd_, &ignored);
    return;
  }
  const int fd = static_cast<int>(key & UINT32_MAX);
  const auto at = table_.find(fd);
  if (at == table_.end() || KeyOf(fd, at->second.id) != key) return;
  for (const Direction direction : {kRead, kWrite}) {
    std::unique_ptr<Wait>& wait = at->second.waits[direction];
    if (wait == nullptr || !IsReady(fd, direction)) continue;
    Finish(std::move(wait), Event::kReady);
  }
}

// Ends the waits past their deadline. How long epoll_wait() may sleep, rounded
// up: it must not return before the deadline.
int EdgePoller::Expire() {
  const TimePoint now = PoolClock::now();
  TimePoint first = TimePoint::max();
  for (auto& [fd, entry] : table_) {
    for (auto& wait : entry.waits) {
      if (wait == nullptr) continue;
      if (wait->deadline > now) {
        first = std::min(first, wait->deadline);
      } else {
        Finish(std::move(wait), Event::kTimedOut);
      }
    }
  }
  if (first == TimePoint::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(first - now);
  return static_cast<int>(std::clamp<int64_t>(left.count(), 0, 60'000));
}

void EdgePoller::Stop() {
  {
    Lock lock(mutex_);
    if (!thread_.joinable()) return;
    stopping_ = true;
    Break();
  }
  thread_.join();
  ::close(epoll_fd_);
  ::close(break_fd_);
}

}  // namespace reveille::stress::zoo

#include "stress/pools/reference_netpoll.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

namespace reveille::stress {
namespace {

constexpr uint64_t kBreakKey = UINT64_MAX;

uint64_t KeyOf(int fd, uint32_t id) {
  return (uint64_t{id} << 32) | static_cast<uint32_t>(fd);
}

// Rounded up: epoll_wait() must not return before the deadline.
int MillisecondsUntil(PoolClock::time_point when) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(when - PoolClock::now());
  return static_cast<int>(std::clamp<int64_t>(left.count(), 0, 60'000));
}

}  // namespace

ReferenceNetpoll::ReferenceNetpoll(std::function<void(PoolFn)> enqueue)
    : enqueue_(std::move(enqueue)) {}

ReferenceNetpoll::~ReferenceNetpoll() { Stop(); }

void ReferenceNetpoll::SubmitOnReadable(int fd, TimePoint deadline, Done done) {
  Add(fd, kRead, deadline, std::move(done));
}

void ReferenceNetpoll::SubmitOnWritable(int fd, TimePoint deadline, Done done) {
  Add(fd, kWrite, deadline, std::move(done));
}

void ReferenceNetpoll::Add(int fd, Direction direction, TimePoint deadline,
                           Done done) {
  auto wait = std::make_unique<Wait>(Wait{deadline, std::move(done)});
  std::lock_guard<std::mutex> lock(mutex_);
  StartThread();
  Entry& entry = table_.try_emplace(fd, Entry{next_id_++, {}}).first->second;
  if (entry.waits[direction] != nullptr) {
    Finish(std::move(wait), Event::kBusy);
    return;
  }
  entry.waits[direction] = std::move(wait);
  if (!Arm(fd, entry))
    Finish(std::move(entry.waits[direction]), Event::kFailed);
  if (deadline != TimePoint::max()) Break();
}

bool ReferenceNetpoll::Arm(int fd, const Entry& entry) {
  epoll_event event = {};
  event.events = EPOLLONESHOT;
  if (entry.waits[kRead] != nullptr) event.events |= EPOLLIN | EPOLLRDHUP;
  if (entry.waits[kWrite] != nullptr) event.events |= EPOLLOUT;
  event.data.u64 = KeyOf(fd, entry.id);
  return ::epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, fd, &event) == 0 ||
         ::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) == 0;
}

void ReferenceNetpoll::Finish(std::unique_ptr<Wait> wait, Event event) {
  if (wait == nullptr) return;
  enqueue_([done = std::move(wait->done), event]() mutable { done(event); });
}

void ReferenceNetpoll::Close(int fd) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto at = table_.find(fd);
  if (at != table_.end()) {
    for (auto& wait : at->second.waits) Finish(std::move(wait), Event::kClosed);
    table_.erase(at);
    ::epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr);
  }
  ::close(fd);
}

void ReferenceNetpoll::StartThread() {
  if (thread_.joinable()) return;
  epoll_fd_ = ::epoll_create1(EPOLL_CLOEXEC);
  break_fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.u64 = kBreakKey;
  ::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, break_fd_, &event);
  thread_ = std::thread([this] { Work(); });
}

void ReferenceNetpoll::Break() { ::eventfd_write(break_fd_, 1); }

void ReferenceNetpoll::Work() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_) {
    const int timeout_ms = Expire();
    lock.unlock();
    epoll_event events[64];
    const int n = ::epoll_wait(epoll_fd_, events, 64, timeout_ms);
    lock.lock();
    for (int i = 0; i < n; ++i) Deliver(events[i].data.u64, events[i].events);
  }
}

void ReferenceNetpoll::Deliver(uint64_t key, uint32_t events) {
  if (key == kBreakKey) {
    eventfd_t ignored;
    ::eventfd_read(break_fd_, &ignored);
    return;
  }
  const int fd = static_cast<int>(key & UINT32_MAX);
  const auto at = table_.find(fd);
  if (at == table_.end() || KeyOf(fd, at->second.id) != key) return;
  Entry& entry = at->second;
  constexpr uint32_t kBoth = EPOLLERR | EPOLLHUP;
  if (events & (EPOLLIN | EPOLLRDHUP | kBoth)) {
    Finish(std::move(entry.waits[kRead]), Event::kReady);
  }
  if (events & (EPOLLOUT | kBoth)) {
    Finish(std::move(entry.waits[kWrite]), Event::kReady);
  }
  if (entry.waits[kRead] != nullptr || entry.waits[kWrite] != nullptr) {
    Arm(fd, entry);
  }
}

// Ends the waits past their deadline. How long epoll_wait() may sleep.
int ReferenceNetpoll::Expire() {
  const TimePoint now = PoolClock::now();
  TimePoint first = TimePoint::max();
  for (auto& [fd, entry] : table_) {
    for (auto& wait : entry.waits) {
      if (wait == nullptr) continue;
      if (wait->deadline <= now) {
        Finish(std::move(wait), Event::kTimedOut);
      } else {
        first = std::min(first, wait->deadline);
      }
    }
  }
  return first == TimePoint::max() ? -1 : MillisecondsUntil(first);
}

void ReferenceNetpoll::Stop() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!thread_.joinable()) return;
    stopping_ = true;
    Break();
  }
  thread_.join();
  ::close(epoll_fd_);
  ::close(break_fd_);
}

}  // namespace reveille::stress

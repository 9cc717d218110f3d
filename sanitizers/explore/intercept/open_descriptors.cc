// How virtual descriptors come to be: pipe, socketpair, eventfd, timerfd.
#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "../descriptors.h"
#include "intercept.h"

namespace reveille::explore {
namespace {

int Fail(int error) {
  errno = error;
  return -1;
}

int OpenEnd(FileType type, int in, int out, bool nonblocking) {
  const int descriptor = OpenDescription(type, nonblocking);
  if (descriptor < 0) return descriptor;
  Description* file = DescriptionOf(descriptor);
  file->in = in;
  file->out = out;
  if (in >= 0) ++StreamAt(in).readers;
  if (out >= 0) ++StreamAt(out).writers;
  return descriptor;
}

int OpenPipe(int ends[2], int flags) {
  const bool nonblocking = (flags & O_NONBLOCK) != 0;
  const int stream = OpenStream();
  if (stream < 0) return Fail(EMFILE);
  ends[0] = OpenEnd(FileType::kPipeReader, stream, -1, nonblocking);
  ends[1] = OpenEnd(FileType::kPipeWriter, -1, stream, nonblocking);
  return ends[0] < 0 || ends[1] < 0 ? Fail(EMFILE) : 0;
}

int OpenSocketPair(int ends[2], int type) {
  const bool nonblocking = (type & SOCK_NONBLOCK) != 0;
  const int there = OpenStream();
  const int back = OpenStream();
  if (there < 0 || back < 0) return Fail(EMFILE);
  ends[0] = OpenEnd(FileType::kSocket, back, there, nonblocking);
  ends[1] = OpenEnd(FileType::kSocket, there, back, nonblocking);
  return ends[0] < 0 || ends[1] < 0 ? Fail(EMFILE) : 0;
}

uint64_t Nanoseconds(const timespec& time) {
  return static_cast<uint64_t>(time.tv_sec) * 1000000000 +
         static_cast<uint64_t>(time.tv_nsec);
}

itimerspec SettingOf(const Description& timer) {
  itimerspec setting = {};
  setting.it_interval = ToTimespec(timer.interval);
  if (timer.next_expiry != 0) {
    const uint64_t now = Now();
    const uint64_t left = timer.next_expiry > now ? timer.next_expiry - now : 1;
    setting.it_value = ToTimespec(left);
  }
  return setting;
}

void ArmTimer(Description* timer, int flags, const itimerspec& setting) {
  timer->counter = 0;
  timer->interval = Nanoseconds(setting.it_interval);
  if (Nanoseconds(setting.it_value) == 0) {
    timer->next_expiry = 0;
  } else if ((flags & TFD_TIMER_ABSTIME) != 0) {
    timer->next_expiry = DeadlineAt(timer->clock, setting.it_value);
  } else {
    timer->next_expiry = DeadlineAfter(setting.it_value);
  }
}

}  // namespace
}  // namespace reveille::explore

using namespace reveille::explore;

REVEILLE_INTERPOSE int pipe(int ends[2]) noexcept {
  if (Self() == nullptr) return REVEILLE_NEXT(pipe)(ends);
  return OpenPipe(ends, 0);
}

REVEILLE_INTERPOSE int pipe2(int ends[2], int flags) noexcept {
  if (Self() == nullptr) return REVEILLE_NEXT(pipe2)(ends, flags);
  return OpenPipe(ends, flags);
}

REVEILLE_INTERPOSE int socketpair(int domain, int type, int protocol,
                                  int ends[2]) noexcept {
  if (Self() == nullptr) {
    return REVEILLE_NEXT(socketpair)(domain, type, protocol, ends);
  }
  const int kind = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (domain != AF_UNIX || kind != SOCK_STREAM) {
    Refuse("socketpair of another kind than AF_UNIX, SOCK_STREAM");
  }
  return OpenSocketPair(ends, type);
}

REVEILLE_INTERPOSE int eventfd(unsigned value, int flags) noexcept {
  if (Self() == nullptr) return REVEILLE_NEXT(eventfd)(value, flags);
  const int descriptor =
      OpenDescription(FileType::kEvent, (flags & EFD_NONBLOCK) != 0);
  if (descriptor < 0) return Fail(EMFILE);
  Description* file = DescriptionOf(descriptor);
  file->counter = value;
  file->semaphore = (flags & EFD_SEMAPHORE) != 0;
  return descriptor;
}

REVEILLE_INTERPOSE int timerfd_create(clockid_t clock, int flags) noexcept {
  if (Self() == nullptr) return REVEILLE_NEXT(timerfd_create)(clock, flags);
  const int descriptor =
      OpenDescription(FileType::kTimer, (flags & TFD_NONBLOCK) != 0);
  if (descriptor < 0) return Fail(EMFILE);
  DescriptionOf(descriptor)->clock = clock;
  return descriptor;
}

REVEILLE_INTERPOSE int timerfd_settime(int descriptor, int flags,
                                       const itimerspec* setting,
                                       itimerspec* before) noexcept {
  Fiber* self = Self();
  if (self == nullptr || !IsVirtual(descriptor)) {
    return REVEILLE_NEXT(timerfd_settime)(descriptor, flags, setting, before);
  }
  Description* timer = DescriptionOf(descriptor);
  if (timer == nullptr) return Fail(EBADF);
  if (timer->type != FileType::kTimer) return Fail(EINVAL);
  Point(self, Kind::kFileControl, ObjectOf(timer), REVEILLE_CALLER);
  if (before != nullptr) *before = SettingOf(*timer);
  ArmTimer(timer, flags, *setting);
  return 0;
}

REVEILLE_INTERPOSE int timerfd_gettime(int descriptor,
                                       itimerspec* setting) noexcept {
  Fiber* self = Self();
  if (self == nullptr || !IsVirtual(descriptor)) {
    return REVEILLE_NEXT(timerfd_gettime)(descriptor, setting);
  }
  Description* timer = DescriptionOf(descriptor);
  if (timer == nullptr) return Fail(EBADF);
  if (timer->type != FileType::kTimer) return Fail(EINVAL);
  *setting = SettingOf(*timer);
  return 0;
}

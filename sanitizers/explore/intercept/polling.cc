// poll and epoll.
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "../descriptors.h"
#include "intercept.h"

namespace reveille::explore {
namespace {

constexpr uint64_t kMillisecond = 1000000;

int Fail(int error) {
  NoteFailure();
  errno = error;
  return -1;
}

Description* EpollOf(int descriptor) {
  Description* epoll = DescriptionOf(descriptor);
  const bool fits = epoll != nullptr && epoll->type == FileType::kEpoll;
  errno = epoll == nullptr ? EBADF : EINVAL;
  return fits ? epoll : nullptr;
}

bool HasEvents(const Fiber& fiber) {
  return EpollIsReady(DescriptionAt(static_cast<int>(fiber.waiting.argument)));
}

uint64_t DeadlineIn(int milliseconds) {
  if (milliseconds < 0) return 0;
  return DeadlineAfter(static_cast<uint64_t>(milliseconds) * kMillisecond);
}

int OpenEpoll() {
  const int descriptor = OpenDescription(FileType::kEpoll, false);
  return descriptor < 0 ? Fail(EMFILE) : descriptor;
}

int WaitForEvents(Fiber* self, int descriptor, epoll_event* events, int most,
                  bool blocking, uint64_t deadline, uintptr_t pc) {
  Description* epoll = EpollOf(descriptor);
  if (epoll == nullptr) return -1;
  if (most <= 0) return Fail(EINVAL);
  Retain(epoll);
  self->waiting.argument = static_cast<uint64_t>(NumberOf(epoll));
  if (blocking) {
    PointWhen(self, Kind::kEpollWait, ObjectOf(epoll), pc, &HasEvents,
              deadline);
  } else {
    Point(self, Kind::kEpollWait, ObjectOf(epoll), pc);
  }
  const int count = HarvestEpoll(epoll, events, most);
  if (count == 0) NoteFailure();
  Saw(self, static_cast<uint64_t>(count));
  if (count > 0) {
    self->spin.Forget();
    // One-shot and edge-triggered events are gone for the others.
    DescriptionChanged(epoll, Edge::kNone);
  }
  Release(epoll);
  return count;
}

int Register(Fiber* self, int descriptor, int operation, int target,
             const epoll_event* event, uintptr_t pc) {
  Description* epoll = EpollOf(descriptor);
  if (epoll == nullptr) return -1;
  if (!IsVirtual(target)) Refuse("epoll_ctl with a real descriptor");
  Point(self, Kind::kEpollControl, ObjectOf(epoll), pc);
  self->spin.Forget();
  const int error = ControlEpoll(epoll, operation, target, event);
  if (error != 0) return Fail(error);
  DescriptionChanged(epoll, Edge::kIn);
  return 0;
}

// --- poll

struct PollList {
  pollfd* entries;
  nfds_t count;
};

int CountReady(const PollList& list) {
  int ready = 0;
  for (nfds_t i = 0; i < list.count; ++i) {
    pollfd& entry = list.entries[i];
    entry.revents = 0;
    if (entry.fd < 0) continue;
    const Description* file = DescriptionOf(entry.fd);
    const uint32_t wanted =
        static_cast<uint16_t>(entry.events) | POLLERR | POLLHUP;
    const uint32_t seen =
        file == nullptr ? uint32_t{POLLNVAL} : ReadinessOf(*file) & wanted;
    entry.revents = static_cast<short>(seen);
    if (seen != 0) ++ready;
  }
  return ready;
}

bool AnyReady(const Fiber& fiber) {
  return CountReady(*reinterpret_cast<PollList*>(fiber.waiting.argument)) > 0;
}

bool HasRealEntry(const PollList& list) {
  for (nfds_t i = 0; i < list.count; ++i) {
    if (list.entries[i].fd >= 0 && !IsVirtual(list.entries[i].fd)) return true;
  }
  return false;
}

int Poll(Fiber* self, PollList list, bool blocking, uint64_t deadline,
         uintptr_t pc) {
  if (HasRealEntry(list)) Refuse("poll on a real descriptor");
  self->waiting.argument = AddressOf(&list);
  if (blocking) {
    PointWhen(self, Kind::kPoll, PollObject(), pc, &AnyReady, deadline);
  } else {
    Point(self, Kind::kPoll, PollObject(), pc);
  }
  const int count = CountReady(list);
  if (count == 0) NoteFailure();
  Saw(self, static_cast<uint64_t>(count));
  return count;
}

}  // namespace
}  // namespace reveille::explore

using namespace reveille::explore;

REVEILLE_INTERPOSE int epoll_create(int size) noexcept {
  if (Self() == nullptr) return REVEILLE_NEXT(epoll_create)(size);
  return OpenEpoll();
}

REVEILLE_INTERPOSE int epoll_create1(int flags) noexcept {
  if (Self() == nullptr) return REVEILLE_NEXT(epoll_create1)(flags);
  return OpenEpoll();
}

REVEILLE_INTERPOSE int epoll_ctl(int descriptor, int operation, int target,
                                 epoll_event* event) noexcept {
  Fiber* self = Self();
  if (self == nullptr || !IsVirtual(descriptor)) {
    return REVEILLE_NEXT(epoll_ctl)(descriptor, operation, target, event);
  }
  return Register(self, descriptor, operation, target, event, REVEILLE_CALLER);
}

REVEILLE_INTERPOSE int epoll_wait(int descriptor, epoll_event* events, int most,
                                  int milliseconds) {
  Fiber* self = Self();
  if (self == nullptr) {
    return REVEILLE_NEXT(epoll_wait)(descriptor, events, most, milliseconds);
  }
  if (!IsVirtual(descriptor)) Refuse("epoll_wait on a real descriptor");
  return WaitForEvents(self, descriptor, events, most, milliseconds != 0,
                       DeadlineIn(milliseconds), REVEILLE_CALLER);
}

REVEILLE_INTERPOSE int epoll_pwait(int descriptor, epoll_event* events,
                                   int most, int milliseconds,
                                   const sigset_t* mask) {
  Fiber* self = Self();
  if (self == nullptr) {
    return REVEILLE_NEXT(epoll_pwait)(descriptor, events, most, milliseconds,
                                      mask);
  }
  if (!IsVirtual(descriptor)) Refuse("epoll_pwait on a real descriptor");
  return WaitForEvents(self, descriptor, events, most, milliseconds != 0,
                       DeadlineIn(milliseconds), REVEILLE_CALLER);
}

REVEILLE_INTERPOSE int epoll_pwait2(int descriptor, epoll_event* events,
                                    int most, const timespec* span,
                                    const sigset_t* mask) {
  Fiber* self = Self();
  if (self == nullptr) {
    return REVEILLE_NEXT(epoll_pwait2)(descriptor, events, most, span, mask);
  }
  if (!IsVirtual(descriptor)) Refuse("epoll_pwait2 on a real descriptor");
  const bool zero = span != nullptr && span->tv_sec == 0 && span->tv_nsec == 0;
  return WaitForEvents(self, descriptor, events, most, !zero,
                       span == nullptr ? 0 : DeadlineAfter(*span),
                       REVEILLE_CALLER);
}

REVEILLE_INTERPOSE int poll(pollfd* entries, nfds_t count, int milliseconds) {
  Fiber* self = Self();
  if (self == nullptr) return REVEILLE_NEXT(poll)(entries, count, milliseconds);
  return Poll(self, {entries, count}, milliseconds != 0,
              DeadlineIn(milliseconds), REVEILLE_CALLER);
}

REVEILLE_INTERPOSE int ppoll(pollfd* entries, nfds_t count,
                             const timespec* span, const sigset_t* mask) {
  Fiber* self = Self();
  if (self == nullptr) return REVEILLE_NEXT(ppoll)(entries, count, span, mask);
  const bool zero = span != nullptr && span->tv_sec == 0 && span->tv_nsec == 0;
  return Poll(self, {entries, count}, !zero,
              span == nullptr ? 0 : DeadlineAfter(*span), REVEILLE_CALLER);
}

REVEILLE_INTERPOSE int __poll_chk(pollfd* entries, nfds_t count,
                                  int milliseconds, size_t room) {
  if (count > room / sizeof *entries) abort();
  return poll(entries, count, milliseconds);
}

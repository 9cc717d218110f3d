// read, write and their relatives, on virtual descriptors.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../descriptors.h"
#include "intercept.h"
#include "real_descriptors.h"

namespace reveille::explore {
namespace {

int Fail(int error) {
  NoteFailure();
  errno = error;
  return -1;
}

Description& TargetOf(const Fiber& fiber) {
  return DescriptionAt(static_cast<int>(fiber.waiting.argument));
}

bool CanRead(const Fiber& fiber) {
  const Description& file = TargetOf(fiber);
  if (file.type == FileType::kEvent || file.type == FileType::kTimer) {
    return file.counter > 0;
  }
  const Stream& in = StreamAt(file.in);
  return in.size > 0 || in.writers == 0;
}

bool CanWrite(const Fiber& fiber) {
  const Description& file = TargetOf(fiber);
  const uint64_t wanted = fiber.waiting.wanted;
  if (file.type == FileType::kEvent) {
    return wanted <= UINT64_MAX - 1 - file.counter;
  }
  const Stream& out = StreamAt(file.out);
  return out.space() >= wanted || out.readers == 0;
}

// Waits until ready() holds, or answers at once when the call must not block.
bool Await(Fiber* self, Description* file, bool nonblocking, Kind kind,
           Ready ready, uintptr_t pc) {
  const int stream = kind == Kind::kFileRead ? file->in : file->out;
  const uintptr_t object = stream < 0 ? ObjectOf(file) : StreamObject(stream);
  self->waiting.argument = static_cast<uint64_t>(NumberOf(file));
  if (!nonblocking) {
    PointWhen(self, kind, object, pc, ready);
    return true;
  }
  Point(self, kind, object, pc);
  return ready(*self);
}

ssize_t TakeCounter(Fiber* self, Description* file, void* to) {
  const bool one = file->type == FileType::kEvent && file->semaphore;
  const uint64_t value = one ? 1 : file->counter;
  memcpy(to, &value, sizeof value);
  Changed(self, file->counter, file->counter - value);
  file->counter -= value;
  // There is room again, also where there was some: as the kernel has it.
  DescriptionChanged(file,
                     file->type == FileType::kEvent ? Edge::kOut : Edge::kNone);
  return sizeof value;
}

ssize_t TakeBytes(Fiber* self, Description* file, void* to, size_t count,
                  bool peek) {
  Stream& in = StreamAt(file->in);
  const uint32_t taken =
      count < in.size ? static_cast<uint32_t>(count) : in.size;
  const uint32_t before = in.size;
  in.Take(static_cast<char*>(to), taken);
  if (peek) {
    in.start = (in.start + Stream::kCapacity - taken) % Stream::kCapacity;
    in.size += taken;
  }
  Changed(self, before, in.size);
  if (in.size != before) StreamChanged(file->in, StreamEnd::kWriters);
  return taken;
}

bool IsReadable(const Description& file) {
  return file.in >= 0 || file.type == FileType::kEvent ||
         file.type == FileType::kTimer;
}

bool IsWritable(const Description& file) {
  return file.out >= 0 || file.type == FileType::kEvent;
}

ssize_t ReadFrom(Fiber* self, Description* file, void* to, size_t count,
                 int flags, uintptr_t pc) {
  if (!IsReadable(*file)) return Fail(EINVAL);
  if (file->in < 0 && count < sizeof file->counter) return Fail(EINVAL);
  Retain(file);
  const bool nonblocking = file->nonblocking || (flags & MSG_DONTWAIT) != 0;
  ssize_t result;
  if (!Await(self, file, nonblocking, Kind::kFileRead, &CanRead, pc)) {
    Saw(self, 0);
    result = Fail(EAGAIN);
  } else if (file->in < 0) {
    result = TakeCounter(self, file, to);
  } else {
    result = TakeBytes(self, file, to, count, (flags & MSG_PEEK) != 0);
  }
  Release(file);
  return result;
}

ssize_t AddToCounter(Fiber* self, Description* file, const void* from,
                     size_t count, uintptr_t pc) {
  uint64_t value;
  if (count < sizeof value) return Fail(EINVAL);
  memcpy(&value, from, sizeof value);
  if (value == UINT64_MAX) return Fail(EINVAL);
  self->waiting.wanted = value;
  if (!Await(self, file, file->nonblocking, Kind::kFileWrite, &CanWrite, pc)) {
    Saw(self, file->counter);
    return Fail(EAGAIN);
  }
  Changed(self, file->counter, file->counter + value);
  file->counter += value;
  DescriptionChanged(file, Edge::kIn);
  return sizeof value;
}

ssize_t BreakPipe(bool quiet) {
  struct sigaction action;
  sigaction(SIGPIPE, nullptr, &action);
  if (!quiet && action.sa_handler == SIG_DFL) {
    g_execution.outcome.thread = Self()->id;
    End(Verdict::kCrash, "SIGPIPE in thread %d", Self()->id);
  }
  return Fail(EPIPE);
}

// One go: as much as there is room for, at least `least`.
ssize_t PutBytes(Fiber* self, Description* file, const char* from,
                 uint32_t count, uint32_t least, bool quiet, bool nonblocking,
                 uintptr_t pc) {
  self->waiting.wanted = least;
  const bool room =
      Await(self, file, nonblocking, Kind::kFileWrite, &CanWrite, pc);
  Stream& out = StreamAt(file->out);
  if (!room) {
    Saw(self, out.size);
    return Fail(EAGAIN);
  }
  if (out.readers == 0) return BreakPipe(quiet);
  const uint32_t put = count < out.space() ? count : out.space();
  Changed(self, out.size, out.size + put);
  out.Put(from, put);
  StreamChanged(file->out, StreamEnd::kReaders);
  return put;
}

ssize_t WriteBytes(Fiber* self, Description* file, const char* from,
                   size_t count, int flags, uintptr_t pc) {
  const bool quiet = (flags & MSG_NOSIGNAL) != 0;
  const bool nonblocking = file->nonblocking || (flags & MSG_DONTWAIT) != 0;
  if (file->shut_down) return BreakPipe(quiet);
  size_t done = 0;
  do {
    const size_t left = count - done;
    const uint32_t chunk = left < Stream::kCapacity
                               ? static_cast<uint32_t>(left)
                               : Stream::kCapacity;
    const uint32_t least = count <= Stream::kAtomic ? chunk : 1;
    const ssize_t put =
        PutBytes(self, file, from + done, chunk, least, quiet, nonblocking, pc);
    if (put < 0) return done > 0 ? static_cast<ssize_t>(done) : put;
    done += static_cast<size_t>(put);
  } while (done < count && !nonblocking);
  return static_cast<ssize_t>(done);
}

ssize_t WriteTo(Fiber* self, Description* file, const void* from, size_t count,
                int flags, uintptr_t pc) {
  if (!IsWritable(*file)) return Fail(EBADF);
  Retain(file);
  const ssize_t result =
      file->type == FileType::kEvent
          ? AddToCounter(self, file, from, count, pc)
          : WriteBytes(self, file, static_cast<const char*>(from), count, flags,
                       pc);
  Release(file);
  return result;
}

// Scattered parts, one after the other, until one comes up short.
template <typename Transfer>
ssize_t ForEachPart(const iovec* parts, int count, Transfer transfer) {
  ssize_t total = 0;
  for (int i = 0; i < count; ++i) {
    if (parts[i].iov_len == 0) continue;
    const ssize_t done = transfer(parts[i]);
    if (done < 0) return total > 0 ? total : done;
    total += done;
    if (static_cast<size_t>(done) < parts[i].iov_len) break;
  }
  return total;
}

int Close(Fiber* self, int descriptor, uintptr_t pc) {
  Description* file = DescriptionOf(descriptor);
  if (file == nullptr) return Fail(EBADF);
  Point(self, Kind::kFileClose, ObjectOf(file), pc);
  self->spin.Forget();
  CloseDescriptor(descriptor);
  return 0;
}

int Control(Fiber* self, int descriptor, int command, long argument,
            uintptr_t pc) {
  Description* file = DescriptionOf(descriptor);
  if (file == nullptr) return Fail(EBADF);
  switch (command) {
    case F_GETFL:
      return O_RDWR | (file->nonblocking ? O_NONBLOCK : 0);
    case F_SETFL:
      Point(self, Kind::kFileControl, ObjectOf(file), pc);
      file->nonblocking = (argument & O_NONBLOCK) != 0;
      return 0;
    case F_GETFD:
      return FD_CLOEXEC;
    case F_SETFD:
      return 0;
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
      return Duplicate(descriptor, static_cast<int>(argument));
    default:
      Refuse("this fcntl command");
  }
}

int Shutdown(Fiber* self, int descriptor, int how, uintptr_t pc) {
  Description* file = DescriptionOf(descriptor);
  if (file == nullptr) return Fail(EBADF);
  if (file->type != FileType::kSocket) return Fail(ENOTSOCK);
  Point(self, Kind::kFileControl, ObjectOf(file), pc);
  if (how == SHUT_RD) return 0;
  if (!file->shut_down) {
    file->shut_down = true;
    --StreamAt(file->out).writers;
    StreamChanged(file->out, StreamEnd::kReaders);
  }
  return 0;
}

}  // namespace
}  // namespace reveille::explore

using namespace reveille::explore;

// Inside executions, a call on a real descriptor goes through when it cannot
// block, and is refused by name when it could.
#define REVEILLE_ON_FILE(descriptor, name, ...)                 \
  Fiber* self = Self();                                         \
  if (self == nullptr) return REVEILLE_NEXT(name)(__VA_ARGS__); \
  Description* file = DescriptionOf(descriptor);                \
  if (file == nullptr) {                                        \
    if (IsVirtual(descriptor)) return Fail(EBADF);              \
    AllowRealDescriptor(descriptor, #name);                     \
    return REVEILLE_NEXT(name)(__VA_ARGS__);                    \
  }

REVEILLE_INTERPOSE ssize_t read(int descriptor, void* to, size_t count) {
  REVEILLE_ON_FILE(descriptor, read, descriptor, to, count)
  return ReadFrom(self, file, to, count, 0, REVEILLE_CALLER);
}

REVEILLE_INTERPOSE ssize_t write(int descriptor, const void* from,
                                 size_t count) {
  REVEILLE_ON_FILE(descriptor, write, descriptor, from, count)
  return WriteTo(self, file, from, count, 0, REVEILLE_CALLER);
}

REVEILLE_INTERPOSE ssize_t recv(int descriptor, void* to, size_t count,
                                int flags) {
  REVEILLE_ON_FILE(descriptor, recv, descriptor, to, count, flags)
  return ReadFrom(self, file, to, count, flags, REVEILLE_CALLER);
}

REVEILLE_INTERPOSE ssize_t send(int descriptor, const void* from, size_t count,
                                int flags) {
  REVEILLE_ON_FILE(descriptor, send, descriptor, from, count, flags)
  return WriteTo(self, file, from, count, flags, REVEILLE_CALLER);
}

REVEILLE_INTERPOSE ssize_t readv(int descriptor, const iovec* parts,
                                 int count) {
  REVEILLE_ON_FILE(descriptor, readv, descriptor, parts, count)
  const uintptr_t pc = REVEILLE_CALLER;
  return ForEachPart(parts, count, [=](const iovec& part) {
    return ReadFrom(self, file, part.iov_base, part.iov_len, 0, pc);
  });
}

REVEILLE_INTERPOSE ssize_t writev(int descriptor, const iovec* parts,
                                  int count) {
  REVEILLE_ON_FILE(descriptor, writev, descriptor, parts, count)
  const uintptr_t pc = REVEILLE_CALLER;
  return ForEachPart(parts, count, [=](const iovec& part) {
    return WriteTo(self, file, part.iov_base, part.iov_len, 0, pc);
  });
}

REVEILLE_INTERPOSE int close(int descriptor) {
  Fiber* self = Self();
  if (self == nullptr || !IsVirtual(descriptor)) {
    return REVEILLE_NEXT(close)(descriptor);
  }
  return Close(self, descriptor, REVEILLE_CALLER);
}

REVEILLE_INTERPOSE int dup(int descriptor) noexcept {
  if (Self() == nullptr || !IsVirtual(descriptor)) {
    return REVEILLE_NEXT(dup)(descriptor);
  }
  const int copy = Duplicate(descriptor, 0);
  return copy < 0 ? Fail(EBADF) : copy;
}

REVEILLE_INTERPOSE int dup2(int descriptor, int target) noexcept {
  if (Self() == nullptr || !IsVirtual(descriptor)) {
    return REVEILLE_NEXT(dup2)(descriptor, target);
  }
  const int copy = DuplicateTo(descriptor, target);
  return copy < 0 ? Fail(EBADF) : copy;
}

REVEILLE_INTERPOSE int dup3(int descriptor, int target, int flags) noexcept {
  if (Self() == nullptr || !IsVirtual(descriptor)) {
    return REVEILLE_NEXT(dup3)(descriptor, target, flags);
  }
  if (descriptor == target) return Fail(EINVAL);
  return dup2(descriptor, target);
}

REVEILLE_INTERPOSE int fcntl(int descriptor, int command, ...) {
  va_list list;
  va_start(list, command);
  const long argument = va_arg(list, long);
  va_end(list);
  Fiber* self = Self();
  if (self == nullptr || !IsVirtual(descriptor)) {
    return REVEILLE_NEXT(fcntl)(descriptor, command, argument);
  }
  return Control(self, descriptor, command, argument, REVEILLE_CALLER);
}

REVEILLE_INTERPOSE int fcntl64(int descriptor, int command, ...) {
  va_list list;
  va_start(list, command);
  const long argument = va_arg(list, long);
  va_end(list);
  Fiber* self = Self();
  if (self == nullptr || !IsVirtual(descriptor)) {
    return REVEILLE_NEXT(fcntl64)(descriptor, command, argument);
  }
  return Control(self, descriptor, command, argument, REVEILLE_CALLER);
}

REVEILLE_INTERPOSE int ioctl(int descriptor, unsigned long request,
                             ...) noexcept {
  va_list list;
  va_start(list, request);
  void* argument = va_arg(list, void*);
  va_end(list);
  Fiber* self = Self();
  if (self == nullptr || !IsVirtual(descriptor)) {
    return REVEILLE_NEXT(ioctl)(descriptor, request, argument);
  }
  Description* file = DescriptionOf(descriptor);
  if (file == nullptr) return Fail(EBADF);
  if (request == FIONBIO) {
    file->nonblocking = *static_cast<int*>(argument) != 0;
    return 0;
  }
  if (request == FIONREAD && file->in >= 0) {
    *static_cast<int*>(argument) = static_cast<int>(StreamAt(file->in).size);
    return 0;
  }
  Refuse("this ioctl request");
}

REVEILLE_INTERPOSE int shutdown(int descriptor, int how) noexcept {
  Fiber* self = Self();
  if (self == nullptr || !IsVirtual(descriptor)) {
    return REVEILLE_NEXT(shutdown)(descriptor, how);
  }
  return Shutdown(self, descriptor, how, REVEILLE_CALLER);
}

// The C library's own conveniences and checked variants, which would reach the
// kernel past the functions above.
REVEILLE_INTERPOSE int eventfd_read(int descriptor, eventfd_t* value) {
  return read(descriptor, value, sizeof *value) == sizeof *value ? 0 : -1;
}

REVEILLE_INTERPOSE int eventfd_write(int descriptor, eventfd_t value) {
  return write(descriptor, &value, sizeof value) == sizeof value ? 0 : -1;
}

REVEILLE_INTERPOSE ssize_t __read_chk(int descriptor, void* to, size_t count,
                                      size_t room) {
  if (count > room) abort();
  return read(descriptor, to, count);
}

REVEILLE_INTERPOSE ssize_t __recv_chk(int descriptor, void* to, size_t count,
                                      size_t room, int flags) {
  if (count > room) abort();
  return recv(descriptor, to, count, flags);
}

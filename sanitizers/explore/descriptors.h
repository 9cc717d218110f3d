// File descriptors that exist only inside an execution: pipes, socket pairs,
// eventfds, timerfds and epolls, as far as pools use them.
//
// A descriptor is a number; it stands for a description, which several
// descriptors may share (dup). Every change of a description is announced to
// those who wait for it, directly or by way of an epoll. Everything vanishes
// when the execution ends. Exploring kernel thread only.
#ifndef REVEILLE_SANITIZERS_EXPLORE_DESCRIPTORS_H_
#define REVEILLE_SANITIZERS_EXPLORE_DESCRIPTORS_H_

#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <time.h>

#include "event.h"
#include "virtual_time.h"

namespace reveille::explore {

// Numbers below belong to the real world.
inline constexpr int kFirstDescriptor = 512;
inline constexpr int kMostDescriptors = 256;
inline constexpr int kMostDescriptions = 256;

enum class FileType : uint8_t {
  kNone,
  kPipeReader,
  kPipeWriter,
  kSocket,
  kEvent,
  kTimer,
  kEpoll,
};

// Bytes on their way in one direction.
struct Stream {
  static constexpr uint32_t kCapacity = 65536;
  // Writes up to this size are not torn apart (PIPE_BUF).
  static constexpr uint32_t kAtomic = 4096;

  bool used = false;
  int readers = 0;
  int writers = 0;
  uint32_t start = 0;
  uint32_t size = 0;
  char* bytes = nullptr;

  uint32_t space() const { return kCapacity - size; }
  void Put(const char* from, uint32_t count);
  void Take(char* to, uint32_t count);
};

struct Description {
  FileType type = FileType::kNone;
  bool nonblocking = false;
  bool semaphore = false;  // eventfd
  bool shut_down = false;  // socket: nothing more will be written
  int references = 0;
  int in = -1;               // stream read from
  int out = -1;              // stream written to
  uint64_t counter = 0;      // eventfd: value; timerfd: expirations
  uint64_t next_expiry = 0;  // timerfd; 0: disarmed
  uint64_t interval = 0;     // timerfd
  int clock = 0;             // timerfd
  uint32_t edges_in = 0;     // edges for who waits to read, ever
  uint32_t edges_out = 0;    // edges for who waits to write
  uint32_t epoll_cursor = 0;
};

// --- numbers

// Null when `descriptor` is not one of ours, or is closed.
Description* DescriptionOf(int descriptor);
bool IsVirtual(int descriptor);
int NumberOf(const Description* description);
Description& DescriptionAt(int number);
inline uintptr_t ObjectOf(const Description* description) {
  return FileObject(NumberOf(description));
}

// A new description with one descriptor; -1 when there are too many.
int OpenDescription(FileType type, bool nonblocking);
// Another descriptor, not below `lowest`, for the same description.
int Duplicate(int descriptor, int lowest);
// As Duplicate, but exactly `target`, which is closed first.
int DuplicateTo(int descriptor, int target);
void CloseDescriptor(int descriptor);

// Keeps a description alive while a thread waits in a call on it.
void Retain(Description* description);
void Release(Description* description);

// --- streams

int OpenStream();
Stream& StreamAt(int number);

// --- readiness

// EPOLLIN and so on, as they stand now.
uint32_t ReadinessOf(const Description& description);
// Something about it changed. An edge is news to an edge-triggered watcher who
// asked for that direction, even if it looks the same: the kernel's wait queues
// are woken with EPOLLIN or with EPOLLOUT.
enum class Edge : uint8_t { kNone, kIn, kOut };
void DescriptionChanged(Description* description, Edge edge);
// The stream looks different now; to those at `edge` it is news.
enum class StreamEnd : uint8_t { kReaders, kWriters };
void StreamChanged(int stream, StreamEnd edge);

// --- epoll

struct EpollItem {
  bool used = false;
  bool disarmed = false;  // EPOLLONESHOT has struck
  int epoll = 0;          // description numbers
  int target = 0;
  int descriptor = 0;
  uint32_t events = 0;
  uint32_t seen_in = 0;  // edges that were reported (EPOLLET)
  uint32_t seen_out = 0;
  epoll_data_t data = {};
};

// As epoll_ctl: 0 or an error number.
int ControlEpoll(Description* epoll, int operation, int descriptor,
                 const epoll_event* event);
bool EpollIsReady(const Description& epoll);
// Stores up to `most` events and re-arms or disarms what they came from.
int HarvestEpoll(Description* epoll, epoll_event* events, int most);
void ForgetEpollItems(int description);
// Tells every epoll that watches the description.
void NotifyEpolls(int description);

// --- objects besides descriptions

// Those who wait in poll() for several descriptors.
uintptr_t PollObject();
// Both ends of a stream meet here.
uintptr_t StreamObject(int stream);

// --- timers
TimerSource TimerDescriptors();

void ResetDescriptors();

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_DESCRIPTORS_H_

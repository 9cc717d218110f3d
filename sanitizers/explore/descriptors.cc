#include "descriptors.h"

#include <string.h>

#include "buffer.h"
#include "execution.h"

namespace reveille::explore {
namespace {

constexpr int kMostStreams = 128;

constinit Description g_descriptions[kMostDescriptions];
constinit int16_t g_numbers[kMostDescriptors];  // description + 1; 0: closed
constinit Stream g_streams[kMostStreams];
constinit bool g_dirty = false;

int Unused() {
  for (int i = 0; i < kMostDescriptions; ++i) {
    if (g_descriptions[i].type == FileType::kNone &&
        g_descriptions[i].references == 0) {
      return i;
    }
  }
  return -1;
}

int LowestFreeFrom(int lowest) {
  int index = lowest < kFirstDescriptor ? 0 : lowest - kFirstDescriptor;
  for (; index < kMostDescriptors; ++index) {
    if (g_numbers[index] == 0) return index;
  }
  return -1;
}

int Bind(int index, int description) {
  g_numbers[index] = static_cast<int16_t>(description + 1);
  ++g_descriptions[description].references;
  return index + kFirstDescriptor;
}

void CloseStreamEnds(const Description& description) {
  if (description.in >= 0) {
    --g_streams[description.in].readers;
    StreamChanged(description.in, StreamEnd::kWriters);
  }
  if (description.out >= 0 && !description.shut_down) {
    --g_streams[description.out].writers;
    StreamChanged(description.out, StreamEnd::kReaders);
  }
}

uint32_t StreamReadiness(const Description& description) {
  uint32_t ready = 0;
  if (description.in >= 0) {
    const Stream& in = g_streams[description.in];
    if (in.size > 0) ready |= EPOLLIN | EPOLLRDNORM;
    if (in.writers == 0) {
      const bool socket = description.type == FileType::kSocket;
      ready |= socket ? EPOLLIN | EPOLLRDNORM | EPOLLRDHUP : EPOLLHUP;
    }
  }
  if (description.out >= 0) {
    const Stream& out = g_streams[description.out];
    const bool gone = out.readers == 0;
    const bool pipe = description.type == FileType::kPipeWriter;
    if (out.space() >= Stream::kAtomic || gone) ready |= EPOLLOUT | EPOLLWRNORM;
    if (gone) ready |= pipe ? EPOLLERR : EPOLLHUP;
  }
  return ready;
}

uint32_t EventReadiness(const Description& description) {
  uint32_t ready = 0;
  if (description.counter > 0) ready |= EPOLLIN | EPOLLRDNORM;
  if (description.counter < UINT64_MAX - 1) ready |= EPOLLOUT | EPOLLWRNORM;
  return ready;
}

}  // namespace

void Stream::Put(const char* from, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    bytes[(start + size + i) % kCapacity] = from[i];
  }
  size += count;
}

void Stream::Take(char* to, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) to[i] = bytes[(start + i) % kCapacity];
  start = (start + count) % kCapacity;
  size -= count;
}

bool IsVirtual(int descriptor) {
  return descriptor >= kFirstDescriptor &&
         descriptor < kFirstDescriptor + kMostDescriptors;
}

Description* DescriptionOf(int descriptor) {
  if (!IsVirtual(descriptor)) return nullptr;
  const int number = g_numbers[descriptor - kFirstDescriptor] - 1;
  return number < 0 ? nullptr : &g_descriptions[number];
}

int NumberOf(const Description* description) {
  return static_cast<int>(description - g_descriptions);
}

Description& DescriptionAt(int number) { return g_descriptions[number]; }

int OpenDescription(FileType type, bool nonblocking) {
  const int description = Unused();
  const int index = LowestFreeFrom(0);
  if (description < 0 || index < 0) return -1;
  g_dirty = true;
  g_descriptions[description] = {};
  g_descriptions[description].type = type;
  g_descriptions[description].nonblocking = nonblocking;
  return Bind(index, description);
}

int Duplicate(int descriptor, int lowest) {
  Description* description = DescriptionOf(descriptor);
  const int index = LowestFreeFrom(lowest);
  if (description == nullptr || index < 0) return -1;
  return Bind(index, NumberOf(description));
}

int DuplicateTo(int descriptor, int target) {
  Description* description = DescriptionOf(descriptor);
  if (description == nullptr || !IsVirtual(target)) return -1;
  if (target == descriptor) return target;
  if (DescriptionOf(target) != nullptr) CloseDescriptor(target);
  return Bind(target - kFirstDescriptor, NumberOf(description));
}

void CloseDescriptor(int descriptor) {
  Description* description = DescriptionOf(descriptor);
  g_numbers[descriptor - kFirstDescriptor] = 0;
  Release(description);
}

void Retain(Description* description) { ++description->references; }

void Release(Description* description) {
  if (--description->references > 0) return;
  const Description closed = *description;
  ForgetEpollItems(NumberOf(description));
  *description = {};
  CloseStreamEnds(closed);
}

int OpenStream() {
  for (int i = 0; i < kMostStreams; ++i) {
    Stream& stream = g_streams[i];
    if (stream.used) continue;
    char* bytes = stream.bytes;
    if (bytes == nullptr) {
      bytes = static_cast<char*>(ReserveMemory(Stream::kCapacity));
    }
    stream = {};
    stream.bytes = bytes;
    stream.used = true;
    return i;
  }
  return -1;
}

Stream& StreamAt(int number) { return g_streams[number]; }

uint32_t ReadinessOf(const Description& description) {
  switch (description.type) {
    case FileType::kPipeReader:
    case FileType::kPipeWriter:
    case FileType::kSocket:
      return StreamReadiness(description);
    case FileType::kEvent:
      return EventReadiness(description);
    case FileType::kTimer:
      return description.counter > 0 ? EPOLLIN | EPOLLRDNORM : 0;
    case FileType::kEpoll:
      return EpollIsReady(description) ? EPOLLIN | EPOLLRDNORM : 0;
    case FileType::kNone:
      break;
  }
  return 0;
}

uintptr_t PollObject() { return FileObject(kMostDescriptions); }

uintptr_t StreamObject(int stream) {
  return FileObject(kMostDescriptions + 1 + stream);
}

void DescriptionChanged(Description* description, Edge edge) {
  if (edge == Edge::kIn) ++description->edges_in;
  if (edge == Edge::kOut) ++description->edges_out;
  ObjectChanged(ObjectOf(description));
  ObjectChanged(PollObject());
  NotifyEpolls(NumberOf(description));
}

void StreamChanged(int stream, StreamEnd edge) {
  for (Description& description : g_descriptions) {
    const bool reads = description.in == stream;
    const bool writes = description.out == stream;
    if (description.type == FileType::kNone || (!reads && !writes)) continue;
    if (edge == StreamEnd::kReaders) {
      DescriptionChanged(&description, reads ? Edge::kIn : Edge::kNone);
    } else {
      DescriptionChanged(&description, writes ? Edge::kOut : Edge::kNone);
    }
  }
  ObjectChanged(StreamObject(stream));
  Stream& bytes = g_streams[stream];
  if (bytes.readers == 0 && bytes.writers == 0) bytes.used = false;
}

void ResetDescriptors() {
  if (!g_dirty) return;
  g_dirty = false;
  for (int i = 0; i < kMostDescriptions; ++i) {
    if (g_descriptions[i].type == FileType::kNone) continue;
    ForgetEpollItems(i);
    g_descriptions[i] = {};
  }
  memset(g_numbers, 0, sizeof g_numbers);
  for (Stream& stream : g_streams) stream.used = false;
}

namespace {

uint64_t EarliestExpiry() {
  if (!g_dirty) return 0;
  uint64_t earliest = 0;
  for (const Description& description : g_descriptions) {
    const uint64_t expiry = description.next_expiry;
    if (expiry == 0) continue;
    if (earliest == 0 || expiry < earliest) earliest = expiry;
  }
  return earliest;
}

void Expire(Description* timer, uint64_t now) {
  uint64_t times = 1;
  if (timer->interval != 0) {
    times += (now - timer->next_expiry) / timer->interval;
    timer->next_expiry += times * timer->interval;
  } else {
    timer->next_expiry = 0;
  }
  timer->counter += times;
  DescriptionChanged(timer, Edge::kIn);
}

void ExpireTimers(uint64_t now) {
  if (!g_dirty) return;
  for (Description& description : g_descriptions) {
    const uint64_t expiry = description.next_expiry;
    if (expiry != 0 && expiry <= now) Expire(&description, now);
  }
}

}  // namespace

TimerSource TimerDescriptors() { return {&EarliestExpiry, &ExpireTimers}; }

}  // namespace reveille::explore

// __tsan_read*, __tsan_write* and relatives: loads and stores that are not
// atomic. A program without data races does not need them as visible
// operations; ExecutionLimits::plain_accesses makes them so.
#include <string.h>

#include "intercept.h"

namespace reveille::explore {
namespace {

uint64_t ValueAt(uintptr_t address, size_t bytes) {
  uint64_t value = 0;
  memcpy(&value, reinterpret_cast<void*>(address),
         bytes < sizeof value ? bytes : sizeof value);
  return value;
}

void PlainPoint(Fiber* self, Kind kind, uintptr_t address, size_t bytes,
                uintptr_t pc) {
  Point(self, kind, address, pc);
  if (kind == Kind::kPlainWrite) {
    Changed(self, 0, 1);  // the store comes when this hook has returned
  } else {
    Saw(self, ValueAt(address, bytes));
  }
}

// Comes after every access where all are visible, else after a long run.
void RunIsOver(Fiber* self, Kind kind, uintptr_t address, size_t bytes,
               uintptr_t pc) {
  const bool all = g_execution.limits.plain_accesses;
  self->plain_accesses_left = all ? 1 : kPlainRun;
  PlainPoint(self, all ? kind : Kind::kPlainRead, address, bytes, pc);
}

inline void PlainAccess(Kind kind, const volatile void* object, size_t bytes,
                        uintptr_t pc) {
  Fiber* self = Self();
  if (self == nullptr || --self->plain_accesses_left > 0) [[likely]]
    return;
  RunIsOver(self, kind, AddressOf(object), bytes, pc);
}

inline void Read(const volatile void* object, size_t bytes, uintptr_t pc) {
  PlainAccess(Kind::kPlainRead, object, bytes, pc);
}

inline void Write(const volatile void* object, size_t bytes, uintptr_t pc) {
  PlainAccess(Kind::kPlainWrite, object, bytes, pc);
}

}  // namespace
}  // namespace reveille::explore

using namespace reveille::explore;

#define REVEILLE_PLAIN(prefix, bytes)                                   \
  REVEILLE_INTERPOSE void __tsan_##prefix##read##bytes(void* object) {  \
    Read(object, bytes, REVEILLE_CALLER);                               \
  }                                                                     \
  REVEILLE_INTERPOSE void __tsan_##prefix##write##bytes(void* object) { \
    Write(object, bytes, REVEILLE_CALLER);                              \
  }

#define REVEILLE_PLAIN_WITH_PC(bytes)                                        \
  REVEILLE_INTERPOSE void __tsan_read##bytes##_pc(void* object, void* pc) {  \
    Read(object, bytes, AddressOf(pc));                                      \
  }                                                                          \
  REVEILLE_INTERPOSE void __tsan_write##bytes##_pc(void* object, void* pc) { \
    Write(object, bytes, AddressOf(pc));                                     \
  }

#define REVEILLE_COMPOUND(prefix, bytes)                                     \
  REVEILLE_INTERPOSE void __tsan_##prefix##read_write##bytes(void* object) { \
    Read(object, bytes, REVEILLE_CALLER);                                    \
    Write(object, bytes, REVEILLE_CALLER);                                   \
  }

#define REVEILLE_PLAIN_SIZE(bytes)           \
  REVEILLE_PLAIN(, bytes)                    \
  REVEILLE_PLAIN(unaligned_, bytes)          \
  REVEILLE_PLAIN(volatile_, bytes)           \
  REVEILLE_PLAIN(unaligned_volatile_, bytes) \
  REVEILLE_PLAIN_WITH_PC(bytes)              \
  REVEILLE_COMPOUND(, bytes)                 \
  REVEILLE_COMPOUND(unaligned_, bytes)

REVEILLE_PLAIN_SIZE(1)
REVEILLE_PLAIN_SIZE(2)
REVEILLE_PLAIN_SIZE(4)
REVEILLE_PLAIN_SIZE(8)
REVEILLE_PLAIN_SIZE(16)

REVEILLE_INTERPOSE void __tsan_read_range(void* object, size_t bytes) {
  if (bytes != 0) Read(object, bytes, REVEILLE_CALLER);
}
REVEILLE_INTERPOSE void __tsan_write_range(void* object, size_t bytes) {
  if (bytes != 0) Write(object, bytes, REVEILLE_CALLER);
}
REVEILLE_INTERPOSE void __tsan_read_range_pc(void* object, size_t bytes,
                                             void* pc) {
  if (bytes != 0) Read(object, bytes, AddressOf(pc));
}
REVEILLE_INTERPOSE void __tsan_write_range_pc(void* object, size_t bytes,
                                              void* pc) {
  if (bytes != 0) Write(object, bytes, AddressOf(pc));
}
REVEILLE_INTERPOSE void __tsan_vptr_read(void** slot) {
  Read(slot, sizeof *slot, REVEILLE_CALLER);
}
REVEILLE_INTERPOSE void __tsan_vptr_update(void** slot, void* value) {
  if (*slot != value) Write(slot, sizeof *slot, REVEILLE_CALLER);
}
REVEILLE_INTERPOSE void* __tsan_memcpy(void* to, const void* from, size_t n) {
  if (n != 0) Read(from, n, REVEILLE_CALLER);
  if (n != 0) Write(to, n, REVEILLE_CALLER);
  return memcpy(to, from, n);
}
REVEILLE_INTERPOSE void* __tsan_memmove(void* to, const void* from, size_t n) {
  if (n != 0) Read(from, n, REVEILLE_CALLER);
  if (n != 0) Write(to, n, REVEILLE_CALLER);
  return memmove(to, from, n);
}
REVEILLE_INTERPOSE void* __tsan_memset(void* to, int byte, size_t n) {
  if (n != 0) Write(to, n, REVEILLE_CALLER);
  return memset(to, byte, n);
}

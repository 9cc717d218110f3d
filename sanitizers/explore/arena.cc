#include "arena.h"

#include <string.h>
#include <sys/mman.h>

#include "choice.h"

namespace reveille::explore {
namespace {

constexpr size_t kGrain = 16;
constexpr int kSmallClasses = 64;             // 16, 32, ... 1024 bytes
constexpr int kClasses = kSmallClasses + 17;  // then powers of two
constexpr uint32_t kInUse = 0xA110CA7E;
constexpr uint32_t kFreed = 0xF2EEF2EE;
// What new memory looks like, so that reading it uninitialised gives the same
// in every execution.
constexpr int kFreshByte = 0xA5;
constexpr int kFreedByte = 0xDD;

// Lies right before every block. The list of free blocks is kept here and not
// in the blocks, where a use after free would destroy it.
struct Header {
  uint32_t state;
  uint32_t size_class;
  void* next_free;
};
static_assert(sizeof(Header) == kGrain);

struct Region {
  uintptr_t top = 0;
  uint64_t freed[2] = {};  // lists that may not be empty, one bit each
  void* free[kClasses] = {};
};
static_assert(kClasses <= 128);

void ForgetFreeBlocks(Region* region) {
  for (int half = 0; half < 2; ++half) {
    uint64_t& rest = region->freed[half];
    for (; rest != 0; rest &= rest - 1) {
      region->free[half * 64 + __builtin_ctzll(rest)] = nullptr;
    }
  }
}

constinit Region g_regions[kMaxThreads];
constinit bool g_mapped = false;
// Regions that are not as Reset() leaves them, one bit each.
constinit uint64_t g_used = 0;

int ClassOf(size_t bytes) {
  if (bytes <= kSmallClasses * kGrain) {
    return bytes == 0 ? 0 : static_cast<int>((bytes - 1) / kGrain);
  }
  const int log = 64 - __builtin_clzll(bytes - 1);  // 11 for 1025..2048
  return kSmallClasses + log - 11;
}

size_t BytesOf(int size_class) {
  if (size_class < kSmallClasses) {
    return (static_cast<size_t>(size_class) + 1) * kGrain;
  }
  return size_t{1} << (size_class - kSmallClasses + 11);
}

Header* HeaderOf(const void* block) {
  return reinterpret_cast<Header*>(reinterpret_cast<uintptr_t>(block)) - 1;
}

void* Take(void** list) {
  void* block = *list;
  *list = HeaderOf(block)->next_free;
  return block;
}

}  // namespace

void Arena::Prepare() {
  if (g_mapped) return;
  void* base = reinterpret_cast<void*>(kBase);
  void* got = mmap(
      base, kBytes, PROT_READ | PROT_WRITE,
      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
  if (got != base) __builtin_trap();
  for (int i = 0; i < kMaxThreads; ++i) {
    g_regions[i].top = kBase + i * kRegionBytes;
  }
  g_mapped = true;
}

void Arena::Reset() {
  for (; g_used != 0; g_used &= g_used - 1) {
    const int thread = __builtin_ctzll(g_used);
    Region& region = g_regions[thread];
    ForgetFreeBlocks(&region);
    region.top = kBase + static_cast<size_t>(thread) * kRegionBytes;
  }
}

void* Arena::Allocate(int thread, size_t bytes, size_t alignment) {
  Region& region = g_regions[thread];
  if (bytes > kRegionBytes / 2) return nullptr;
  const int size_class = ClassOf(bytes);
  g_used |= uint64_t{1} << thread;
  if (alignment <= kGrain && region.free[size_class] != nullptr) {
    void* block = Take(&region.free[size_class]);
    HeaderOf(block)->state = kInUse;
    memset(block, kFreshByte, bytes);
    return block;
  }
  const size_t room = BytesOf(size_class);
  const uintptr_t block =
      (region.top + sizeof(Header) + alignment - 1) & ~(alignment - 1);
  if (block + room > kBase + (thread + 1) * kRegionBytes) return nullptr;
  region.top = block + room;
  void* result = reinterpret_cast<void*>(block);
  *HeaderOf(result) = {kInUse, static_cast<uint32_t>(size_class), nullptr};
  memset(result, kFreshByte, bytes);
  return result;
}

bool Arena::Free(int thread, void* block) {
  Header* header = HeaderOf(block);
  if (header->state != kInUse) return false;
  header->state = kFreed;
  const size_t room = SizeOf(block);
  memset(block, kFreedByte, room < 64 ? room : 64);
  Region& region = g_regions[thread];
  region.freed[header->size_class / 64] |= uint64_t{1}
                                           << (header->size_class % 64);
  g_used |= uint64_t{1} << thread;
  header->next_free = region.free[header->size_class];
  region.free[header->size_class] = block;
  return true;
}

size_t Arena::SizeOf(const void* block) {
  return BytesOf(static_cast<int>(HeaderOf(block)->size_class));
}

}  // namespace reveille::explore

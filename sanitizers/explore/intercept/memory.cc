// malloc and its family: the arena inside executions, the C library outside.
// A block may be freed on either side; its address says whose it is.
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "../arena.h"
#include "intercept.h"

extern "C" {
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);
void __libc_free(void*);
}

namespace reveille::explore {
namespace {

void* Allocate(Fiber* self, size_t bytes, size_t alignment = 16) {
  void* block = Arena::Allocate(self->id, bytes, alignment);
  if (block == nullptr) errno = ENOMEM;
  return block;
}

void Release(Fiber* self, void* block) {
  // Outside executions a block of the arena is a left-over: it is gone anyway.
  if (self == nullptr || Arena::Free(self->id, block)) return;
  End(Verdict::kCrash, "double free, or free of what malloc never gave: %p",
      block);
}

bool IsPowerOfTwo(size_t n) { return n != 0 && (n & (n - 1)) == 0; }

void* AllocateAligned(size_t alignment, size_t bytes) {
  Fiber* self = Self();
  if (self == nullptr) return __libc_memalign(alignment, bytes);
  return Allocate(self, bytes, alignment < 16 ? 16 : alignment);
}

void* Move(Fiber* self, void* block, size_t bytes) {
  const size_t room = Arena::SizeOf(block);
  if (bytes <= room && self != nullptr) return block;
  void* moved = self == nullptr ? __libc_malloc(bytes) : Allocate(self, bytes);
  if (moved == nullptr) return nullptr;
  memcpy(moved, block, room < bytes ? room : bytes);
  Release(self, block);
  return moved;
}

}  // namespace
}  // namespace reveille::explore

using namespace reveille::explore;

REVEILLE_INTERPOSE void* malloc(size_t bytes) noexcept {
  Fiber* self = Self();
  return self == nullptr ? __libc_malloc(bytes) : Allocate(self, bytes);
}

REVEILLE_INTERPOSE void free(void* block) noexcept {
  if (block == nullptr) return;
  if (!Arena::Owns(block)) return __libc_free(block);
  Release(Self(), block);
}

REVEILLE_INTERPOSE void* calloc(size_t count, size_t bytes) noexcept {
  Fiber* self = Self();
  if (self == nullptr) return __libc_calloc(count, bytes);
  size_t total;
  if (__builtin_mul_overflow(count, bytes, &total)) {
    errno = ENOMEM;
    return nullptr;
  }
  void* block = Allocate(self, total);
  return block == nullptr ? nullptr : memset(block, 0, total);
}

REVEILLE_INTERPOSE void* realloc(void* block, size_t bytes) noexcept {
  if (block == nullptr) return malloc(bytes);
  if (Arena::Owns(block)) return Move(Self(), block, bytes);
  return __libc_realloc(block, bytes);
}

REVEILLE_INTERPOSE void* reallocarray(void* block, size_t count,
                                      size_t bytes) noexcept {
  size_t total;
  if (__builtin_mul_overflow(count, bytes, &total)) {
    errno = ENOMEM;
    return nullptr;
  }
  return realloc(block, total);
}

REVEILLE_INTERPOSE void* memalign(size_t alignment, size_t bytes) noexcept {
  return AllocateAligned(alignment, bytes);
}

REVEILLE_INTERPOSE void* aligned_alloc(size_t alignment,
                                       size_t bytes) noexcept {
  return AllocateAligned(alignment, bytes);
}

REVEILLE_INTERPOSE int posix_memalign(void** block, size_t alignment,
                                      size_t bytes) noexcept {
  if (!IsPowerOfTwo(alignment) || alignment % sizeof(void*) != 0) return EINVAL;
  void* got = AllocateAligned(alignment, bytes);
  if (got == nullptr) return ENOMEM;
  *block = got;
  return 0;
}

REVEILLE_INTERPOSE size_t malloc_usable_size(void* block) noexcept {
  if (block == nullptr) return 0;
  if (Arena::Owns(block)) return Arena::SizeOf(block);
  return REVEILLE_NEXT(malloc_usable_size)(block);
}

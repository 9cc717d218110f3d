// The heap of the code under test.
//
// Each thread allocates from a region of its own at a fixed address, so that
// an address depends only on what its thread allocated before: it names the
// same thing in every execution and in every process. A freed block is the
// first to be used again by the thread that freed it, as in common allocators.
// Everything is forgotten between executions. Exploring kernel thread only.
#ifndef REVEILLE_SANITIZERS_EXPLORE_ARENA_H_
#define REVEILLE_SANITIZERS_EXPLORE_ARENA_H_

#include <stddef.h>
#include <stdint.h>

namespace reveille::explore {

class Arena {
 public:
  // Maps the regions; idempotent.
  static void Prepare();
  // Forgets every block.
  static void Reset();

  // Null when the region of `thread` is used up. `alignment` is a power of 2.
  static void* Allocate(int thread, size_t bytes, size_t alignment = 16);
  // False when `block` was freed before or is no block.
  static bool Free(int thread, void* block);
  static size_t SizeOf(const void* block);

  static bool Owns(const void* address) {
    return reinterpret_cast<uintptr_t>(address) - kBase < kBytes;
  }

 private:
  static constexpr uintptr_t kBase = 0x100000000000;
  static constexpr size_t kRegionBytes = size_t{64} << 20;
  static constexpr size_t kBytes = kRegionBytes * 64;
};

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_ARENA_H_

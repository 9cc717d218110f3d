// Free memory of coroutine frames and JoinStates, by size: a P has one, and
// what its tasks free its tasks get, without a lock and while it is warm.
//
// What lies in here still answers to a coroutine_handle: it ends the process,
// where freed memory would do anything.
//
// No lock of its own.
#ifndef REVEILLE_SCHEDULER_FRAME_CACHE_H_
#define REVEILLE_SCHEDULER_FRAME_CACHE_H_

#include <cstddef>

namespace reveille::internal {

class FrameCache {
 public:
  // Sizes are rounded up to multiples of kStep; what is larger than kLargest is
  // not kept, and of each size at most kKept bytes: a tree of tasks has
  // hundreds of them alive at one moment and none at the next.
  static constexpr size_t kStep = 64;
  static constexpr size_t kLargest = 512;
  static constexpr size_t kKept = size_t{128} << 10;

  FrameCache() = default;
  ~FrameCache() { Clear(); }
  FrameCache(const FrameCache&) = delete;
  FrameCache& operator=(const FrameCache&) = delete;

  // Fresh memory that a FrameCache may get back; throws std::bad_alloc.
  static void* Allocate(size_t bytes);
  // Null: there is none of this size.
  void* Pop(size_t bytes) {
    if (bytes > kLargest) return nullptr;
    Class& wanted = classes_[ClassOf(bytes)];
    Block* block = wanted.head;
    if (block == nullptr) return nullptr;
    wanted.head = block->next;
    wanted.bytes -= RoundUp(bytes);
    return block;
  }
  // False: not kept, the caller frees it.
  bool Push(void* memory, size_t bytes) {
    if (bytes > kLargest) return false;
    Class& wanted = classes_[ClassOf(bytes)];
    if (wanted.bytes + RoundUp(bytes) > kKept) return false;
    auto* block = static_cast<Block*>(memory);
    block->resume = &UsedAfterItsEnd;
    block->destroy = &UsedAfterItsEnd;
    block->next = wanted.head;
    wanted.head = block;
    wanted.bytes += RoundUp(bytes);
    return true;
  }
  void Clear();

 private:
  // As a coroutine's frame begins: with what its handle calls.
  struct Block {
    void (*resume)(void*);
    void (*destroy)(void*);
    Block* next;
  };
  static_assert(sizeof(Block) <= kStep);
  struct Class {
    Block* head = nullptr;
    size_t bytes = 0;
  };
  static size_t ClassOf(size_t bytes) { return (bytes - 1) / kStep; }
  static size_t RoundUp(size_t bytes) { return (ClassOf(bytes) + 1) * kStep; }
  [[noreturn]] static void UsedAfterItsEnd(void* frame);

  Class classes_[kLargest / kStep];
};

}  // namespace reveille::internal

#endif  // REVEILLE_SCHEDULER_FRAME_CACHE_H_

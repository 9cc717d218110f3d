#include "scheduler/frame_cache.h"

#include <new>
#include <utility>

#include "reveille/coroutine.h"
#include "scheduler/check.h"
#include "scheduler/m.h"

namespace reveille::internal {
namespace {

// Of the P that this thread holds, if it holds one.
FrameCache* CurrentCache() {
  const M* m = CurrentM();
  if (m == nullptr) return nullptr;
  P* p = m->p();
  return p == nullptr ? nullptr : &p->frames;
}

}  // namespace

void* FrameCache::Allocate(size_t bytes) {
  if (bytes > kLargest) return ::operator new(bytes);
  return ::operator new(RoundUp(bytes));
}

void FrameCache::Clear() {
  for (Class& each : classes_) {
    while (each.head != nullptr) {
      ::operator delete(std::exchange(each.head, each.head->next));
    }
    each.bytes = 0;
  }
}

void FrameCache::UsedAfterItsEnd(void*) {
  CheckFailed(nullptr, __FILE__, __LINE__, "the coroutine's frame is alive",
              "a coroutine is resumed or destroyed after its end");
}

void* AllocateFrame(size_t bytes) {
  FrameCache* cache = CurrentCache();
  void* kept = cache == nullptr ? nullptr : cache->Pop(bytes);
  return kept != nullptr ? kept : FrameCache::Allocate(bytes);
}

void FreeFrame(void* frame, size_t bytes) noexcept {
  FrameCache* cache = CurrentCache();
  if (cache == nullptr || !cache->Push(frame, bytes)) ::operator delete(frame);
}

}  // namespace reveille::internal

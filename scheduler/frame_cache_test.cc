#include "scheduler/frame_cache.h"

#include <gtest/gtest.h>

#include <coroutine>
#include <new>
#include <vector>

#include "scheduler/testing.h"

namespace reveille::internal {
namespace {

TEST(FrameCacheTest, IsEmptyAtFirst) {
  FrameCache cache;
  EXPECT_EQ(cache.Pop(1), nullptr);
  EXPECT_EQ(cache.Pop(FrameCache::kLargest), nullptr);
}

TEST(FrameCacheTest, GivesBackTheLastOfTheSameSize) {
  FrameCache cache;
  void* first = FrameCache::Allocate(100);
  void* second = FrameCache::Allocate(128);
  void* other = FrameCache::Allocate(129);
  EXPECT_TRUE(cache.Push(first, 100));
  EXPECT_TRUE(cache.Push(other, 129));
  EXPECT_TRUE(cache.Push(second, 128));
  EXPECT_EQ(cache.Pop(65), second);
  EXPECT_EQ(cache.Pop(128), first);
  EXPECT_EQ(cache.Pop(128), nullptr);
  EXPECT_EQ(cache.Pop(64), nullptr);
  EXPECT_EQ(cache.Pop(192), other);
  for (void* memory : {first, second, other}) ::operator delete(memory);
}

TEST(FrameCacheTest, KeepsNoneThatAreLarge) {
  FrameCache cache;
  void* memory = FrameCache::Allocate(FrameCache::kLargest + 1);
  EXPECT_FALSE(cache.Push(memory, FrameCache::kLargest + 1));
  EXPECT_EQ(cache.Pop(FrameCache::kLargest + 1), nullptr);
  ::operator delete(memory);
}

TEST(FrameCacheTest, KeepsAtMostItsLimitOfASize) {
  FrameCache cache;
  for (const size_t bytes : {size_t{64}, size_t{192}, FrameCache::kLargest}) {
    for (size_t i = 0; i < FrameCache::kKept / bytes; ++i) {
      EXPECT_TRUE(cache.Push(FrameCache::Allocate(bytes), bytes));
    }
    void* memory = FrameCache::Allocate(bytes);
    EXPECT_FALSE(cache.Push(memory, bytes));
    ::operator delete(memory);
  }
}

TEST(FrameCacheTest, ClearGivesAllBackAndLeavesItUsable) {
  FrameCache cache;
  for (size_t bytes = 1; bytes <= FrameCache::kLargest; bytes += 37) {
    EXPECT_TRUE(cache.Push(FrameCache::Allocate(bytes), bytes));
  }
  cache.Clear();
  for (size_t bytes = 1; bytes <= FrameCache::kLargest; bytes += 37) {
    EXPECT_EQ(cache.Pop(bytes), nullptr);
  }
  EXPECT_TRUE(cache.Push(FrameCache::Allocate(1), 1));
}

// --- Where it is used --------------------------------------------------------

// Not inlined: its frame would become a part of the frame of the other.
[[gnu::noinline]] Task<void*> FrameOfItself() {
  struct Self {
    void* frame = nullptr;
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> handle) noexcept {
      frame = handle.address();
      return false;
    }
    void* await_resume() const noexcept { return frame; }
  };
  co_return co_await Self();
}

TEST(FrameCacheUseTest, TheFrameOfOneThatEndedIsTheNextOnes) {
  auto s = testing::Start(testing::Unrescued(1));
  bool same = false;
  ASSERT_TRUE(s->Spawn([&same]() -> Task<> {
                 const void* first = co_await FrameOfItself();
                 same = first == co_await FrameOfItself();
               }).ok());
  ASSERT_TRUE(s->Drain().ok());
  if (REVEILLE_RECYCLE_FRAMES != 0) {
    EXPECT_TRUE(same);
  }
}

#if REVEILLE_RECYCLE_FRAMES
void ResumeAfterItsEnd() {
  auto s = testing::Start(testing::Unrescued(1));
  (void)s->Spawn([]() -> Task<> {
    void* frame = co_await FrameOfItself();
    std::coroutine_handle<>::from_address(frame).resume();
  });
  (void)s->Drain();
}

TEST(FrameCacheDeathTest, ResumingACoroutineAfterItsEndEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(ResumeAfterItsEnd(), "after its end");
}
#endif

}  // namespace
}  // namespace reveille::internal

// The arena and the names of objects: the same in every execution.
#include "sanitizers/explore/arena.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <thread>

#include "sanitizers/explore/exploration.h"
#include "sanitizers/explore/objects.h"

namespace reveille::explore {
namespace {

TEST(Arena, BlocksOfOneThreadDoNotDependOnOthers) {
  uintptr_t first[2] = {};
  for (int noise = 0; noise < 2; ++noise) {
    Explore(1, [&] {
      if (noise == 1) free(malloc(5000));
      std::thread([&] {
        first[noise] =
            reinterpret_cast<uintptr_t>(std::make_unique<int>().get());
      }).join();
    });
  }
  EXPECT_EQ(first[0], first[1]);
}

// The compiler knows about malloc and would decide such questions itself.
void* (*volatile g_malloc)(size_t) = malloc;

TEST(Arena, AFreedBlockIsTheNextToBeUsedByWhoFreedIt) {
  const Tally tally = Explore(1, [] {
    void* block = g_malloc(40);
    volatile uintptr_t address = reinterpret_cast<uintptr_t>(block);
    free(block);
    void* again = g_malloc(33);
    Check(reinterpret_cast<uintptr_t>(again) == address, "another block");
    free(again);
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Arena, NewMemoryLooksTheSameInEveryExecution) {
  const Tally tally = Explore(3, [] {
    volatile unsigned char* block = static_cast<unsigned char*>(malloc(100));
    for (int i = 0; i < 100; ++i) {
      Check(block[i] == 0xA5, "left over from before");
      block[i] = 1;
    }
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Arena, BlocksFromOutsideMayBeFreedInsideAndGrown) {
  void* outside[2] = {malloc(10), malloc(10)};
  Explore(1, [&] {
    free(outside[0]);
    outside[1] = realloc(outside[1], 100000);
  });
  free(outside[1]);
}

TEST(Arena, TooMuchIsAFailedAllocation) {
  const Tally tally = Explore(1, [] {
    Check(g_malloc(size_t{1} << 30) == nullptr, "more than a region has");
    Check(g_malloc(SIZE_MAX - 5) == nullptr, "nearly everything");
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TEST(Objects, AreNamedInTheOrderOfFirstUse) {
  auto objects = std::make_unique<Objects>();
  objects->Reset();
  EXPECT_EQ(objects->At(0x1000)->name, 1u);
  EXPECT_EQ(objects->At(0x2000)->name, 2u);
  EXPECT_EQ(objects->At(0x1004)->name, 1u);  // the same eight bytes
  objects->Reset();
  EXPECT_EQ(objects->At(0x2000)->name, 1u);
  EXPECT_EQ(objects->count(), 1u);
}

TEST(Objects, TooManyShareOneName) {
  auto objects = std::make_unique<Objects>();
  objects->Reset();
  for (uintptr_t i = 0; i < 100000; ++i) objects->At(i * 8);
  EXPECT_EQ(objects->At(uintptr_t{8} * 99999)->name,
            objects->At(uintptr_t{8} * 99998)->name);
  EXPECT_EQ(objects->At(0)->name, 1u);
}

}  // namespace
}  // namespace reveille::explore

// Every size and operation of the atomic entry points, against the language.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <thread>

#include "sanitizers/explore/exploration.h"

__extension__ using Wide = unsigned __int128;
extern "C" Wide __tsan_atomic128_fetch_add(volatile Wide*, Wide, int);
extern "C" Wide __tsan_atomic128_compare_exchange_val(volatile Wide*, Wide,
                                                      Wide, int, int);

namespace reveille::explore {
namespace {

template <typename T>
void EveryOperation() {
  std::atomic<T> a{5};
  Check(a.load() == 5, "load");
  a.store(6);
  Check(a.exchange(7) == 6 && a == 7, "exchange");
  Check(a.fetch_add(3) == 7 && a == 10, "fetch_add");
  Check(a.fetch_sub(4) == 10 && a == 6, "fetch_sub");
  Check(a.fetch_and(3) == 6 && a == 2, "fetch_and");
  Check(a.fetch_or(5) == 2 && a == 7, "fetch_or");
  Check(a.fetch_xor(2) == 7 && a == 5, "fetch_xor");
  T expected = 4;
  Check(!a.compare_exchange_strong(expected, 9) && expected == 5, "fails");
  Check(a.compare_exchange_strong(expected, 9) && a == 9, "succeeds");
  expected = 9;
  while (!a.compare_exchange_weak(expected, 1)) {
  }
  Check(a == 1, "weak");
  a.store(static_cast<T>(0));
  a.fetch_sub(1);
  Check(a == static_cast<T>(-1), "wraps around");
}

template <typename T>
class Atomics : public testing::Test {};
using Sizes = testing::Types<uint8_t, uint16_t, uint32_t, uint64_t, int8_t,
                             int16_t, int32_t, int64_t>;
TYPED_TEST_SUITE(Atomics, Sizes);

TYPED_TEST(Atomics, BehaveAsTheLanguageSaysInsideAnExecution) {
  const Tally tally = Explore(3, [] { EveryOperation<TypeParam>(); });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

TYPED_TEST(Atomics, BehaveAsTheLanguageSaysOutside) {
  EveryOperation<TypeParam>();
}

TEST(Atomics128, AddAndCompareBothHalves) {
  alignas(16) Wide word = 1;
  const Wide high = Wide{1} << 64;
  const Tally tally = Explore(3, [&] {
    word = 1;
    Check(__tsan_atomic128_fetch_add(&word, high, 5) == 1, "before");
    Check(word == (high | 1), "after");
    Check(
        __tsan_atomic128_compare_exchange_val(&word, 1, 2, 5, 5) == (high | 1),
        "a difference in the high half was overlooked");
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
  word = 1;
  EXPECT_TRUE(__tsan_atomic128_fetch_add(&word, high, 5) == 1);
  EXPECT_TRUE(word == (high | 1));
}

}  // namespace
}  // namespace reveille::explore

// What a fuzzer learns from: counters of pairs that the current execution met.
#ifndef REVEILLE_SANITIZERS_EXPLORE_COVERAGE_H_
#define REVEILLE_SANITIZERS_EXPLORE_COVERAGE_H_

#include <stddef.h>
#include <stdint.h>

namespace reveille::explore {

struct Coverage {
  uint8_t* counters = nullptr;  // null: switched off
  size_t size = 0;              // a power of two

  // Saturating; the pair decides which counter.
  void Count(uint64_t first, uint64_t second) {
    const uint64_t pair =
        first * 0x9e3779b97f4a7c15 ^ second * 0xc2b2ae3d27d4eb4f;
    uint8_t& counter = counters[((pair ^ pair >> 29) >> 8) & (size - 1)];
    if (counter < 255) ++counter;
  }
};

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_COVERAGE_H_

// Random numbers that are the same on every machine.
#ifndef REVEILLE_SANITIZERS_EXPLORE_RANDOM_H_
#define REVEILLE_SANITIZERS_EXPLORE_RANDOM_H_

#include <stdint.h>

namespace reveille::explore {

// A bijection that scatters its argument (the finaliser of splitmix64).
constexpr uint64_t Scatter(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// A stream of numbers decided by its key alone (xorshift64*).
class Random {
 public:
  constexpr explicit Random(uint64_t key = 1) : state_(Scatter(key) | 1) {}

  uint64_t Next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545f4914f6cdd1d;
  }
  // Uniform in [0, n); n > 0.
  uint32_t Below(uint32_t n) {
    return static_cast<uint32_t>(((Next() >> 32) * n) >> 32);
  }
  bool OneIn(uint32_t n) { return Below(n) == 0; }

 private:
  uint64_t state_;
};

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_RANDOM_H_

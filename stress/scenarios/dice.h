// Dice: a small random generator that a task or a thread can own. Its values
// are the same with every compiler and library, as those of
// std::uniform_int_distribution are not.
#ifndef REVEILLE_STRESS_SCENARIOS_DICE_H_
#define REVEILLE_STRESS_SCENARIOS_DICE_H_

#include <cmath>
#include <cstdint>

namespace reveille::stress {

class Dice {
 public:
  explicit Dice(uint64_t seed) : state_(seed) {}

  // SplitMix64, by Sebastiano Vigna: a counter and a mixing of its bits.
  uint64_t Next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // Dice for somebody else, who rolls on its own.
  Dice Fork() { return Dice(Next()); }

  // 0..n-1. The bias is below n / 2^64.
  uint64_t Below(uint64_t n) { return n == 0 ? 0 : Next() % n; }
  int Between(int low, int high) {
    return low + static_cast<int>(Below(static_cast<uint64_t>(high - low) + 1));
  }
  bool OneIn(uint64_t n) { return Below(n) == 0; }
  bool Coin() { return OneIn(2); }
  // Mostly small, now and then many times the mean.
  int64_t Exponential(int64_t mean) {
    const double uniform = static_cast<double>((Next() >> 11) + 1) * 0x1p-53;
    return static_cast<int64_t>(-std::log(uniform) * static_cast<double>(mean));
  }

 private:
  uint64_t state_;
};

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_SCENARIOS_DICE_H_

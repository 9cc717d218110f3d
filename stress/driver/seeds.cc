#include "stress/driver/seeds.h"

namespace reveille::stress {
namespace {

constexpr uint64_t kGamma = 0x9e3779b97f4a7c15;

}  // namespace

uint64_t SplitMix64(uint64_t x) {
  x += kGamma;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

uint64_t RoundSeed(uint64_t root, absl::string_view scenario, uint64_t round) {
  uint64_t key = SplitMix64(root);
  for (const char c : scenario) {
    key = SplitMix64(key ^ static_cast<unsigned char>(c));
  }
  // The round-th number of the generator that begins at the key.
  return SplitMix64(key + round * kGamma);
}

}  // namespace reveille::stress

// Seeds are counted, not drawn: round N of a scenario has the same seed however
// many rounds ran before it, in whichever process.
#ifndef REVEILLE_STRESS_DRIVER_SEEDS_H_
#define REVEILLE_STRESS_DRIVER_SEEDS_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace reveille::stress {

// One step of splitmix64: a bijection that scatters neighbours.
uint64_t SplitMix64(uint64_t x);
uint64_t RoundSeed(uint64_t root, absl::string_view scenario, uint64_t round);

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_DRIVER_SEEDS_H_

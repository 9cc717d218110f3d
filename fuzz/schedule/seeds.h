// The seed corpus of schedule_fuzz, as a program: the shapes that the scenarios
// of stress/ have, each in a few operations, for one to three Ps.
#ifndef REVEILLE_FUZZ_SCHEDULE_SEEDS_H_
#define REVEILLE_FUZZ_SCHEDULE_SEEDS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "fuzz/schedule/input.h"

namespace reveille::fuzz {

// How many shapes there are, each after a scenario, and one of them for so many
// Ps.
int ShapeCount();
Program ShapeOf(int number, int procs);

// By name, which says what it is like.
std::vector<std::pair<std::string, Input>> Seeds();

// One file each; the folder is made if need be.
absl::Status WriteSeeds(const std::string& folder);

}  // namespace reveille::fuzz

#endif  // REVEILLE_FUZZ_SCHEDULE_SEEDS_H_

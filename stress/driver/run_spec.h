// RunSpec: what one child process is to do, as its parent hands it over and as
// the result line repeats it.
#ifndef REVEILLE_STRESS_DRIVER_RUN_SPEC_H_
#define REVEILLE_STRESS_DRIVER_RUN_SPEC_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"
#include "stress/scenarios/scenario.h"

namespace reveille::stress {

struct RunSpec {
  std::string pool = "mpg";
  std::string scenario;
  std::string mutant;
  std::string chaos = "none";  // As ParseChaos() reads it.
  bool rescuers = true;
  bool flight_recorder = true;
  bool watchdog = true;  // Off: only the oracles judge, and a hang is unjudged.
  uint64_t seed = 1;     // The root of all seeds.
  uint64_t first_round = 0;
  uint64_t rounds = 0;      // At most so many; 0: as time allows.
  bool same_round = false;  // first_round again and again.
  int64_t budget_ms = 0;    // Then the last round is asked to end.
  ScenarioKnobs knobs;
  std::string out;
};

nlohmann::json ToJson(const RunSpec& spec);
// The same without what is true of this machine only: for results and findings.
nlohmann::json RequestOf(const RunSpec& spec);
absl::StatusOr<RunSpec> RunSpecFromJson(const std::string& text);

// The command line that repeats one round of it, over and over for a minute:
// on real threads a round seldom shows its bug every time.
std::string CommandFor(const RunSpec& spec, uint64_t round);

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_DRIVER_RUN_SPEC_H_

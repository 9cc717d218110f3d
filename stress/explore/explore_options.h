// What the explore driver was asked to do, and its short form: a label that
// names the program a schedule belongs to, written into every schedule.
#ifndef REVEILLE_STRESS_EXPLORE_EXPLORE_OPTIONS_H_
#define REVEILLE_STRESS_EXPLORE_EXPLORE_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace reveille::stress {

// What runs in every execution. With its choices it decides the execution.
struct ProgramOptions {
  std::string pool = "mpg";
  std::string scenario;
  std::string mutant;
  std::string rescuers = "off";
  int procs = 2;
  uint64_t seed = 1;
  // A schedule begins with the choice of one of so many rounds of the seed;
  // with `round`, it is that one.
  uint32_t rounds = 32;
  std::optional<uint64_t> round;
  // For scenarios that are told what to do: ScenarioContext::input.
  std::string input;
};

// How the search goes.
struct ExploreOptions {
  ProgramOptions program;
  std::string strategy = "portfolio";
  std::optional<uint64_t> schedules;
  std::string duration;
  std::string cpu_time;
  std::string out = "out/explore";
  int jobs = 1;
  int max_findings = 1;
  int preemptions = 2;
  int depth = 3;
  int early_timers = 0;
  int spurious_wakeups = 0;
  double shrink_seconds = 20;
  double seconds = 0;      // `duration`, read.
  double cpu_seconds = 0;  // `cpu_time`, read.
};

void AddProgramOptions(CLI::App* command, ProgramOptions* options);
void AddSearchOptions(CLI::App* command, ExploreOptions* options);

// Looks up what the names mean; the message says what would be right.
absl::Status Check(const ProgramOptions& options);
absl::Status Check(ExploreOptions* options);

std::string LabelOf(const ProgramOptions& options);
absl::StatusOr<ProgramOptions> FromLabel(const std::string& label);

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_EXPLORE_EXPLORE_OPTIONS_H_

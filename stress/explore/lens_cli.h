// The command line of the explore driver: explore, replay, shrink.
#ifndef REVEILLE_STRESS_EXPLORE_LENS_CLI_H_
#define REVEILLE_STRESS_EXPLORE_LENS_CLI_H_

#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "stress/explore/scenario_body.h"

namespace reveille::stress {

struct LensCli {
  CLI::App app;
  char** argv = nullptr;
  int exit_code = 0;

  void Complain(const char* command, const absl::Status& status);
};

void AddExploreCommand(LensCli* cli);
void AddReplayCommand(LensCli* cli);
void AddShrinkCommand(LensCli* cli);

// The schedule of a finding: `path` is its folder or the file itself.
std::string ScheduleIn(const std::string& path);

// What the schedule at `path` belongs to, ready to be executed; becomes the
// driver of its mutant first if need be.
absl::StatusOr<std::unique_ptr<ScenarioBody>> BodyOf(const std::string& path,
                                                     char** argv);

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_EXPLORE_LENS_CLI_H_

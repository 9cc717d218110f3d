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

class LensCli {
 public:
  // Takes a file that is no schedule for what it is, and puts a schedule into
  // the file `out`. False: nothing is wrong with it, so there is none.
  // With `any`, whatever bytes it has; else only what it is sure of.
  using Converter = absl::StatusOr<bool> (*)(const std::string& path, bool any,
                                             const std::string& out);

  // With explore, replay and shrink.
  LensCli();

  CLI::App app;
  char** argv = nullptr;
  int exit_code = 0;
  // Null: a program beside this one, reveille_fuzz, is asked to take over.
  Converter convert = nullptr;

  // The exit code.
  int Run(int argc, char** argv);
  void Complain(const char* command, const absl::Status& status);

  // The schedule of a finding: its folder, the schedule itself, or what can be
  // converted into one. "" when that went well.
  absl::StatusOr<std::string> ScheduleOf(const std::string& finding,
                                         bool fuzz_input);
  // What the schedule at `path` belongs to, ready to be executed. Becomes the
  // driver of its mutant first if need be, or the one that has its scenario.
  absl::StatusOr<std::unique_ptr<ScenarioBody>> BodyOf(const std::string& path);

 private:
  std::string converted_;  // A temporary folder, or "".
  void RemoveConverted();
};

void AddExploreCommand(LensCli* cli);
void AddReplayCommand(LensCli* cli);
void AddShrinkCommand(LensCli* cli);

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_EXPLORE_LENS_CLI_H_

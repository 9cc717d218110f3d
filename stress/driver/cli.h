// The command line: subcommands, their help, and the way from what the parser
// or a check complains about to one clear line and an exit code.
#ifndef REVEILLE_STRESS_DRIVER_CLI_H_
#define REVEILLE_STRESS_DRIVER_CLI_H_

#include <functional>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"

namespace reveille::stress {

// Parses, runs the subcommand, returns the exit code.
int RunCli(int argc, char** argv);

// A subcommand is a function that adds itself to `app` and, when it is chosen,
// does its work in its callback and stores its exit code. A status that is an
// invalid argument or not found is bad usage.
struct Cli {
  CLI::App app;
  char** argv = nullptr;
  int exit_code = 0;

  void Complain(const char* command, const absl::Status& status);
};
void AddStressCommand(Cli* cli);
void AddListCommand(Cli* cli);
void AddScoreCommand(Cli* cli);
// explore, replay, shrink, report: what programs beside this one do.
void AddHandedOverCommands(Cli* cli);

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_DRIVER_CLI_H_

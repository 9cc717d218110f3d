// Subcommands that a program beside this one does: `reveille explore`,
// `replay`, `shrink`, by the driver whose pools and scenarios are compiled for
// the explore lens; `reveille report`, by whatever the build has put there.
#include <errno.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "stress/driver/cli.h"

namespace reveille::stress {
namespace {

struct Beside {
  const char* program;
  const char* where_from;  // Said when it is not there.
};
constexpr Beside kExplore = {
    "reveille_explore",
    "it is built where no sanitizer is, unless REVEILLE_EXPLORE is OFF"};
constexpr Beside kReport = {
    "reveille_report", "it comes with the source tree, as 'ci/run report'"};

void HandOver(Cli* cli, const char* command, const Beside& beside) {
  std::error_code error;
  const std::string path =
      std::filesystem::read_symlink("/proc/self/exe", error).parent_path() /
      beside.program;
  execv(path.c_str(), cli->argv);
  cli->Complain(command, absl::FailedPreconditionError(absl::StrCat(
                             "cannot run ", path, ": ", std::strerror(errno),
                             "; ", beside.where_from)));
}

void Add(Cli* cli, const Beside& beside, const char* name, const char* what) {
  CLI::App* command = cli->app.add_subcommand(name, what);
  // All that follows, --help included, is for the other program.
  command->prefix_command();
  command->set_help_flag();
  command->callback([cli, name, &beside] { HandOver(cli, name, beside); });
}

}  // namespace

void AddHandedOverCommands(Cli* cli) {
  Add(cli, kExplore, "explore",
      "Runs a scenario under chosen schedules, all repeatable");
  Add(cli, kExplore, "replay", "Repeats a finding of explore, step by step");
  Add(cli, kExplore, "shrink", "Makes a finding of explore smaller");
  Add(cli, kReport, "report", "Makes the page of a night from its raw results");
}

}  // namespace reveille::stress

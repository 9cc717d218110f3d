// `reveille explore`, `replay`, `shrink`: handed over to the driver beside this
// one, whose pools and scenarios are compiled for the explore lens.
#include <errno.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "stress/driver/cli.h"

namespace reveille::stress {
namespace {

void HandOver(Cli* cli, const char* command) {
  std::error_code error;
  const std::string lens =
      std::filesystem::read_symlink("/proc/self/exe", error).parent_path() /
      "reveille_explore";
  execv(lens.c_str(), cli->argv);
  cli->Complain(
      command,
      absl::FailedPreconditionError(absl::StrCat(
          "cannot run ", lens, ": ", std::strerror(errno),
          "; it is built where no sanitizer is, unless REVEILLE_EXPLORE is OFF")));
}

void Add(Cli* cli, const char* name, const char* what) {
  CLI::App* command = cli->app.add_subcommand(name, what);
  // All that follows, --help included, is for the other driver.
  command->prefix_command();
  command->set_help_flag();
  command->callback([cli, name] { HandOver(cli, name); });
}

}  // namespace

void AddExploreCommands(Cli* cli) {
  Add(cli, "explore", "Runs a scenario under chosen schedules, all repeatable");
  Add(cli, "replay", "Repeats a finding of explore, step by step");
  Add(cli, "shrink", "Makes a finding of explore smaller");
}

}  // namespace reveille::stress

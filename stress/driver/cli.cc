#include "stress/driver/cli.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "stress/driver/child_main.h"
#include "stress/driver/exit_codes.h"
#include "stress/report/run_record.h"
#include "stress/report/stacks.h"

namespace reveille::stress {
namespace {

constexpr const char* kFooter =
    "Exit codes: 0 searched and found nothing, 1 found something, 2 bad usage "
    "or\ninput, 3 the tool itself failed or could not judge.";

std::string Version() {
  const nlohmann::json build = BuildInfo();
  const auto text = [&build](const char* key) {
    return build[key].get<std::string>();
  };
  std::string version =
      absl::StrCat("reveille ", text("version"), " (", text("compiler"), ", ",
                   text("build_type"));
  if (!text("lens").empty()) absl::StrAppend(&version, ", ", text("lens"));
  if (!text("mutant").empty()) {
    absl::StrAppend(&version, ", mutant ", text("mutant"));
  }
  return version + ")";
}

// The parent's way to its child; not for people.
void AddRunOneCommand(Cli* cli) {
  struct Options {
    std::string spec;
    int status_fd = -1;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = cli->app.add_subcommand("run-one", "");
  command->group("");
  command->add_option("--spec", options->spec)->required();
  command->add_option("--status-fd", options->status_fd)->required();
  command->callback([cli, options] {
    cli->exit_code = ChildMain(options->spec, options->status_fd);
  });
}

// One line, whatever the parser says.
int ReportParseError(const CLI::App& app, const CLI::ParseError& error) {
  std::string command = "reveille";
  for (const CLI::App* sub : app.get_subcommands()) {
    absl::StrAppend(&command, " ", sub->get_name());
  }
  std::string message = error.what();
  std::replace(message.begin(), message.end(), '\n', ' ');
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr &&
      app.get_subcommands().empty()) {
    message =
        "no command given; there are: stress, explore, replay, shrink, report, "
        "score, list";
  }
  std::fprintf(stderr, "%s: %s (see %s --help)\n", command.c_str(),
               message.c_str(), command.c_str());
  return kExitUsage;
}

}  // namespace

void Cli::Complain(const char* command, const absl::Status& status) {
  std::fprintf(stderr, "reveille %s: %s\n", command,
               std::string(status.message()).c_str());
  const bool usage =
      absl::IsInvalidArgument(status) || absl::IsNotFound(status);
  exit_code = usage ? kExitUsage : kExitFailed;
}

int RunCli(int argc, char** argv) {
  PrepareStacks(argv[0]);
  Cli cli;
  cli.argv = argv;
  cli.app.name("reveille");
  cli.app.description("Finds lost wakeups in thread pools.");
  cli.app.footer(kFooter);
  cli.app.require_subcommand(1);
  cli.app.set_version_flag("--version", Version());
  AddStressCommand(&cli);
  AddHandedOverCommands(&cli);
  AddScoreCommand(&cli);
  AddListCommand(&cli);
  AddRunOneCommand(&cli);
  try {
    cli.app.parse(argc, argv);
  } catch (const CLI::Success& help_or_version) {
    return cli.app.exit(help_or_version);
  } catch (const CLI::ParseError& error) {
    return ReportParseError(cli.app, error);
  }
  return cli.exit_code;
}

}  // namespace reveille::stress

// The explore driver: everything that it searches is compiled for the lens. The
// driver `reveille` hands its subcommands explore, replay and shrink over to
// it.
#include <algorithm>
#include <cstdio>
#include <string>

#include "stress/driver/exit_codes.h"
#include "stress/explore/lens_cli.h"

namespace {

// One line, whatever the parser says.
int ReportParseError(const CLI::App& app, const CLI::ParseError& error) {
  std::string command = "reveille";
  for (const CLI::App* sub : app.get_subcommands()) {
    command += " " + sub->get_name();
  }
  std::string message = error.what();
  std::replace(message.begin(), message.end(), '\n', ' ');
  std::fprintf(stderr, "%s: %s (see %s --help)\n", command.c_str(),
               message.c_str(), command.c_str());
  return reveille::stress::kExitUsage;
}

}  // namespace

int main(int argc, char** argv) {
  reveille::stress::LensCli cli;
  cli.argv = argv;
  cli.app.name("reveille");
  cli.app.require_subcommand(1);
  AddExploreCommand(&cli);
  AddReplayCommand(&cli);
  AddShrinkCommand(&cli);
  try {
    cli.app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return cli.app.exit(help);
  } catch (const CLI::ParseError& error) {
    return ReportParseError(cli.app, error);
  }
  return cli.exit_code;
}

// reveille_fuzz: the explore driver that knows programs. explore, replay and
// shrink as in stress/explore, and of its own:
//   show FILE       what the bytes of an input mean
//   outcome FILE... what comes of inputs, a line for each
//   seeds FOLDER    writes the seed corpus of schedule_fuzz
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "fuzz/schedule/convert.h"
#include "fuzz/schedule/seeds.h"
#include "stress/explore/lens_cli.h"

namespace reveille::fuzz {
namespace {

void AddShowCommand(stress::LensCli* cli) {
  auto path = std::make_shared<std::string>();
  CLI::App* const command = cli->app.add_subcommand(
      "show", "Says what the bytes of an input of schedule_fuzz mean");
  command->add_option("input", *path, "The file")->required();
  command->callback([cli, path] {
    const absl::StatusOr<Input> input = LoadInput(*path, /*any=*/true);
    if (!input.ok()) return cli->Complain("show", input.status());
    std::fputs(ToText(*input).c_str(), stdout);
  });
}

void AddOutcomeCommand(stress::LensCli* cli) {
  auto paths = std::make_shared<std::vector<std::string>>();
  CLI::App* const command = cli->app.add_subcommand(
      "outcome", "Executes inputs of schedule_fuzz: verdict, steps, hash");
  command->add_option("inputs", *paths, "The files")->required();
  command->callback([cli, paths] {
    for (const std::string& path : *paths) {
      const absl::StatusOr<std::string> outcome = OutcomeOf(path);
      if (!outcome.ok()) return cli->Complain("outcome", outcome.status());
      std::printf("%s\n", outcome->c_str());
    }
  });
}

void AddSeedsCommand(stress::LensCli* cli) {
  auto folder = std::make_shared<std::string>();
  CLI::App* const command = cli->app.add_subcommand(
      "seeds", "Writes the seed corpus of schedule_fuzz");
  command->add_option("folder", *folder, "Where to; made if need be")
      ->required();
  command->callback([cli, folder] {
    const absl::Status status = WriteSeeds(*folder);
    if (!status.ok()) cli->Complain("seeds", status);
  });
}

}  // namespace
}  // namespace reveille::fuzz

int main(int argc, char** argv) {
  reveille::stress::LensCli cli;
  cli.convert = reveille::fuzz::ConvertInput;
  reveille::fuzz::AddShowCommand(&cli);
  reveille::fuzz::AddOutcomeCommand(&cli);
  reveille::fuzz::AddSeedsCommand(&cli);
  return cli.Run(argc, argv);
}

// reveille_fuzz: the explore driver that knows programs. explore, replay and
// shrink as in stress/explore, and of its own:
//   show FILE       what the bytes of an input mean
//   seeds FOLDER    writes the seed corpus of schedule_fuzz
#include <cstdio>
#include <memory>
#include <string>

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
  reveille::fuzz::AddSeedsCommand(&cli);
  return cli.Run(argc, argv);
}

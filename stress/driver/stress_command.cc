// `reveille stress`.
#include <memory>
#include <string>

#include "stress/driver/campaign.h"
#include "stress/driver/cli.h"
#include "stress/driver/mutants.h"
#include "stress/driver/stress_arguments.h"

namespace reveille::stress {
namespace {

constexpr const char* kFooter =
    "Without --scenario all scenarios run in turn and share the time. A run\n"
    "leaves DIR/results.jsonl (a line per run) and a folder DIR/finding-... "
    "per\n"
    "finding. Control-C ends it with its results; twice at once.\n"
    "Exit codes: 0 nothing found (interrupted or not), 1 something found, 2 "
    "bad\n"
    "usage or input, 3 the tool failed, could not judge, or searched nothing.";

void RunStress(Cli* cli, StressArguments* a) {
  Translate(a);
  const std::string& mutant = a->options.spec.mutant;
  absl::Status status =
      mutant.empty() ? absl::OkStatus() : BecomeMutant(mutant, cli->argv);
  if (status.ok()) status = Check(&a->options);
  if (!status.ok()) return cli->Complain("stress", status);
  cli->exit_code = Campaign(a->options).Run();
}

}  // namespace

void AddStressCommand(Cli* cli) {
  auto arguments = std::make_shared<StressArguments>();
  CLI::App* command = cli->app.add_subcommand(
      "stress", "Stresses a pool on real threads, judged by a watchdog");
  command->footer(kFooter);
  AddStressArguments(command, arguments.get());
  command->callback([cli, arguments] { RunStress(cli, arguments.get()); });
}

}  // namespace reveille::stress

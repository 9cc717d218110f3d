// `reveille explore`.
#include <csignal>
#include <cstdio>
#include <limits>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "sanitizers/explore/campaign.h"
#include "stress/driver/exit_codes.h"
#include "stress/explore/explore_record.h"
#include "stress/explore/lens_cli.h"
#include "stress/explore/mutant_lens.h"

namespace reveille::stress {
namespace {

constexpr const char* kFooter =
    "A schedule runs one tiny round of the scenario on a new pool, in virtual\n"
    "time. What is found is repeated, shrunk and told in DIR/finding-...\n"
    "Control-C ends the search with its results.\n"
    "Exit codes: 0 nothing found, 1 something found, 2 bad usage or input, 3\n"
    "the tool failed or could not judge.";
constexpr uint64_t kSchedules = 100'000;

volatile bool stop_asked = false;
ExploreRecord* record = nullptr;

void Ask(int) { stop_asked = true; }

double Rate(const explore::Report& report) {
  return report.seconds > 0
             ? static_cast<double>(report.executions) / report.seconds
             : 0;
}

void OnProgress(const explore::Report& so_far) {
  record->AddPoint(so_far);
  std::fprintf(stderr, "%10.0f s %12llu schedules %8.0f/s %d findings\n",
               so_far.seconds,
               static_cast<unsigned long long>(so_far.executions), Rate(so_far),
               so_far.finding_count);
}

explore::Config ConfigFor(const ExploreOptions& options,
                          const std::string& label) {
  explore::Config config;
  config.strategy = options.strategy.c_str();
  config.strategy_limits.preemptions = options.preemptions;
  config.strategy_limits.depth = options.depth;
  config.limits.early_timers = options.early_timers;
  config.limits.spurious_wakeups = options.spurious_wakeups;
  config.seed = options.program.seed;
  config.executions = options.schedules.value_or(
      options.seconds > 0 ? std::numeric_limits<uint64_t>::max() / 2
                          : kSchedules);
  config.seconds = options.seconds;
  config.jobs = options.jobs;
  config.most_findings = options.max_findings;
  config.shrink_seconds = options.shrink_seconds;
  config.out = options.out.c_str();
  config.label = label.c_str();
  config.command = "reveille replay %s";
  config.on_progress = OnProgress;
  config.stop = &stop_asked;
  return config;
}

void Print(const explore::Finding& finding) {
  std::printf("finding %s: %s\n", explore::NameOf(finding.verdict),
              finding.message);
  std::printf(
      "  after %.2f s, schedule %llu; %llu choices (%llu before shrinking), "
      "needs %s%d preemptions\n",
      finding.seconds, static_cast<unsigned long long>(finding.execution),
      static_cast<unsigned long long>(finding.choices),
      static_cast<unsigned long long>(finding.original_choices),
      finding.fewest ? "" : "at most ", finding.preemptions);
  if (finding.folder[0] != '\0') {
    std::printf("  reveille replay %s\n", finding.folder);
  }
}

void Print(const explore::Report& report) {
  const auto wide = [](uint64_t n) {
    return static_cast<unsigned long long>(n);
  };
  for (int i = 0; i < report.finding_count; ++i) Print(report.findings[i]);
  std::printf(
      "%llu schedules in %.1f s (%.0f/s), about %llu distinct; %llu steps, "
      "longest %llu; %d findings\n",
      wide(report.executions), report.seconds, Rate(report),
      wide(report.distinct), wide(report.steps), wide(report.longest),
      report.finding_count);
  if (report.completeness[0] != '\0') std::printf("%s\n", report.completeness);
  std::printf(
      "not covered: weak memory, data races, uninstrumented libraries; %llu "
      "starved schedules\n",
      wide(report.starved));
  if (report.lens_error[0] != '\0') {
    std::fprintf(stderr, "reveille explore: %s\n", report.lens_error);
  }
}

int ExitCodeOf(const explore::Report& report) {
  switch (report.exit_code()) {
    case 0:
      return kExitClean;
    case 1:
      return kExitFound;
    default:
      return kExitFailed;
  }
}

bool Lacks(const explore::Report& report) {
  return report.finding_count == 1 &&
         absl::StartsWith(report.findings[0].message, kPoolLacks);
}

// One schedule that leaves nothing behind, to learn whether there is anything
// to search.
explore::Report Probe(explore::Config config, ScenarioBody* body) {
  config.executions = 1;
  config.out = nullptr;
  config.shrink_seconds = 0;
  config.on_progress = nullptr;
  return explore::Run(config, ScenarioBody::Run, body);
}

void RunExplore(LensCli* cli, ExploreOptions* options) {
  absl::Status status = BecomeMutantLens(options->program.mutant, cli->argv);
  if (status.ok()) status = Check(options);
  if (!status.ok()) return cli->Complain("explore", status);
  std::signal(SIGINT, Ask);
  std::signal(SIGTERM, Ask);
  ScenarioBody body(options->program);
  explore::SetOracle(body.oracle());
  const std::string label = LabelOf(options->program);
  ExploreRecord the_record(options);
  record = &the_record;
  const explore::Config config = ConfigFor(*options, label);
  explore::Report report = Probe(config, &body);
  if (Lacks(report)) {
    cli->Complain("explore",
                  absl::FailedPreconditionError(report.findings[0].message));
  } else {
    report = explore::Run(config, ScenarioBody::Run, &body);
    Print(report);
    cli->exit_code = ExitCodeOf(report);
  }
  // What was found stays found; only its line is missing.
  status = the_record.Append(report, stop_asked);
  if (!status.ok() && cli->exit_code != kExitFound) {
    cli->Complain("explore", status);
  }
}

}  // namespace

void AddExploreCommand(LensCli* cli) {
  auto options = std::make_shared<ExploreOptions>();
  CLI::App* command = cli->app.add_subcommand(
      "explore", "Runs a scenario under chosen schedules in virtual time");
  command->footer(kFooter);
  AddProgramOptions(command, &options->program);
  AddSearchOptions(command, options.get());
  command->callback([cli, options] { RunExplore(cli, options.get()); });
}

}  // namespace reveille::stress

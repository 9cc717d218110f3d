#include "stress/explore/explore_options.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sanitizers/explore/strategy.h"
#include "stress/driver/duration.h"
#include "stress/pools/pool.h"
#include "stress/scenarios/scenario.h"

namespace reveille::stress {
namespace {

template <typename Entries>
std::string NamesOf(const Entries& entries) {
  return absl::StrJoin(entries, ", ", [](std::string* out, const auto& entry) {
    out->append(entry.name);
  });
}

absl::Status CheckStrategy(const ExploreOptions& options) {
  explore::Strategy* strategy =
      explore::CreateStrategy(options.strategy.c_str(), {});
  if (strategy == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("--strategy: no strategy '", options.strategy,
                     "'; there are: random, few, pct, pos, surw, surw-pos, "
                     "bounded, portfolio"));
  }
  explore::DestroyStrategy(strategy);
  return absl::OkStatus();
}

}  // namespace

void AddProgramOptions(CLI::App* command, ProgramOptions* options) {
  command->add_option("--pool", options->pool, "Pool under test")
      ->capture_default_str();
  command->add_option("--scenario", options->scenario, "Workload")->required();
  command->add_option("--procs", options->procs, "Workers")
      ->check(CLI::Range(1, 16))
      ->capture_default_str();
  command
      ->add_option("--rescuers", options->rescuers,
                   "Timed rescuers of the pool: on (what they hide is judged "
                   "'rescued') or off")
      ->check(CLI::IsMember({"on", "off"}))
      ->capture_default_str();
  command
      ->add_option("--seed", options->seed,
                   "Root of the workloads and of the schedules")
      ->capture_default_str();
  command
      ->add_option("--rounds", options->rounds,
                   "Each schedule takes one of so many workloads of the seed")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  command->add_option("--round", options->round, "Only this workload");
  command->add_option("--input", options->input,
                      "For scenarios that are told what to do");
  command->add_option("--mutant", options->mutant,
                      "Take the driver with this bug planted in pool mpg");
}

void AddSearchOptions(CLI::App* command, ExploreOptions* options) {
  const auto add = [command](const char* name, int* value, int low, int high,
                             const char* what) {
    command->add_option(name, *value, what)
        ->check(CLI::Range(low, high))
        ->capture_default_str();
  };
  command
      ->add_option("--strategy", options->strategy,
                   "random, few, pct, pos, surw, surw-pos, bounded or "
                   "portfolio")
      ->capture_default_str();
  command->add_option("--schedules", options->schedules,
                      "At most so many schedules (100000, or no limit with "
                      "--duration or --cpu-time)");
  command->add_option("--duration", options->duration,
                      "At most so long: 60s, 5m, 1h30m");
  command->add_option("--cpu-time", options->cpu_time,
                      "At most so much processor time of the search: 60s. A "
                      "busy machine takes longer over it and finds as much");
  add("--jobs", &options->jobs, 1, 256, "Processes that search");
  add("--max-findings", &options->max_findings, 1, 16,
      "Ends after so many different findings");
  add("--preemptions", &options->preemptions, 0, 64,
      "Of the strategies 'bounded' and 'few': most preemptions");
  add("--depth", &options->depth, 1, 64, "Of the strategy 'pct'");
  add("--early-timers", &options->early_timers, 0, 1000,
      "So many timers may fire early");
  add("--spurious-wakeups", &options->spurious_wakeups, 0, 1000,
      "So many waits may return without a wakeup");
  command
      ->add_option("--shrink-seconds", options->shrink_seconds,
                   "Spent on making each finding smaller")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  command->add_option("--out", options->out, "Folder for what is found")
      ->capture_default_str();
}

absl::Status Check(const ProgramOptions& options) {
  if (FindPool(options.pool) == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("--pool: no pool '", options.pool,
                     "'; there are: ", NamesOf(AllPools())));
  }
  if (FindScenario(options.scenario) == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("--scenario: no scenario '", options.scenario,
                     "'; there are: ", NamesOf(AllScenarios())));
  }
  return absl::OkStatus();
}

namespace {

absl::Status ReadSeconds(const char* flag, const std::string& text,
                         double* seconds) {
  if (text.empty()) return absl::OkStatus();
  const absl::StatusOr<int64_t> ms = ParseDurationMs(text);
  if (!ms.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(flag, ": ", ms.status().message()));
  }
  *seconds = static_cast<double>(*ms) / 1e3;
  return absl::OkStatus();
}

}  // namespace

absl::Status Check(ExploreOptions* options) {
  absl::Status status = Check(options->program);
  if (status.ok()) status = CheckStrategy(*options);
  if (status.ok()) {
    status = ReadSeconds("--duration", options->duration, &options->seconds);
  }
  if (!status.ok()) return status;
  return ReadSeconds("--cpu-time", options->cpu_time, &options->cpu_seconds);
}

std::string LabelOf(const ProgramOptions& o) {
  std::string label = absl::StrCat(
      "--pool=", o.pool, " --scenario=", o.scenario, " --procs=", o.procs,
      " --rescuers=", o.rescuers, " --seed=", o.seed, " --rounds=", o.rounds);
  if (o.round) absl::StrAppend(&label, " --round=", *o.round);
  if (!o.input.empty()) absl::StrAppend(&label, " --input=", o.input);
  if (!o.mutant.empty()) absl::StrAppend(&label, " --mutant=", o.mutant);
  return label;
}

absl::StatusOr<ProgramOptions> FromLabel(const std::string& label) {
  ProgramOptions options;
  CLI::App parser;
  AddProgramOptions(&parser, &options);
  try {
    parser.parse(label);
  } catch (const CLI::ParseError& error) {
    return absl::InvalidArgumentError(absl::StrCat(
        "its label '", label, "' is not one of this program: ", error.what()));
  }
  return options;
}

}  // namespace reveille::stress

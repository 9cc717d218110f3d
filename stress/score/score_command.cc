// `reveille score`.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "stress/driver/cli.h"
#include "stress/driver/duration.h"
#include "stress/report/files.h"
#include "stress/score/fuzz_lens.h"
#include "stress/score/plan.h"
#include "stress/score/score_run.h"
#include "stress/score/score_table.h"

namespace reveille::stress {
namespace {

constexpr const char* kFooter =
    "Runs every bug under every lens, --trials times each, and every pool\n"
    "without a bug for the same budget. Leaves DIR/score.json and "
    "DIR/score.md.\n"
    "Control-C ends it with its files whole; --resume runs what is missing.\n"
    "Exit codes: 0 whatever should be found was found in every trial with the\n"
    "right verdict and nothing else was, 1 not so, 2 bad usage or input, 3 "
    "the\n"
    "tool failed, or was interrupted.";

void AddWhatToScore(CLI::App* command, ScoreOptions* o) {
  command
      ->add_option(
          "--mutants", o->mutants,
          "all, expected (those that explore should find), none or a,b")
      ->capture_default_str();
  // The default of an option that is given without a value.
  command
      ->add_option("--zoo", o->zoo,
                   "all, none (if not given) or a,b; with their fixed twins")
      ->expected(0, 1)
      ->default_str("all");
  command
      ->add_option("--lenses", o->lenses,
                   "threads, threads-tsan, explore-portfolio, explore-random, "
                   "explore-few, explore-pct, explore-pos, explore-surw, "
                   "explore-surw-pos, fuzz, plain, tsan-alone")
      ->delimiter(',')
      ->capture_default_str();
  command->add_option("--rescuers", o->rescuers, "off, on or off,on")
      ->delimiter(',')
      ->check(CLI::IsMember({"on", "off"}))
      ->capture_default_str();
}

void AddHowMuch(CLI::App* command, ScoreOptions* o) {
  const auto add = [command](const char* name, int* value, int low, int high,
                             const char* what) {
    command->add_option(name, *value, what)
        ->check(CLI::Range(low, high))
        ->capture_default_str();
  };
  add("--trials", &o->trials, 1, kMostTrials, "Of each bug under each lens");
  add("--clean-trials", &o->clean_trials, 0, kMostTrials,
      "Of each pool without a bug");
  command
      ->add_option("--budget", o->budget,
                   "Time of a trial: 60s, 5m; of explore, processor time")
      ->capture_default_str();
  command->add_option("--schedules", o->schedules,
                      "Of explore, in place of the budget: a trial ends after "
                      "so many schedules, the same on every machine");
  add("--jobs", &o->jobs, 1, 256, "Trials at a time");
  command->add_option("--seed", o->seed, "Root of all seeds")
      ->capture_default_str();
  add("--replays", &o->replays, 0, kMostReplays,
      "How often the first trial's finding is repeated");
  command
      ->add_option("--shrink-seconds", o->shrink_seconds,
                   "Spent on making the first trial's finding smaller")
      ->check(CLI::Range(0.0, kMostShrinkSeconds))
      ->capture_default_str();
}

void AddFolders(CLI::App* command, ScoreOptions* o) {
  command->add_option("--out", o->out, "Folder for the score")
      ->capture_default_str();
  command->add_flag("--resume", o->resume,
                    "Go on in --out, as it was asked for there");
  command->add_option("--bin", o->bin, "Folder of the programs (this one's)");
  command->add_option("--tsan-bin", o->tsan_bin,
                      "The same of a build under TSan (build/tsan/bin beside "
                      "the build tree of --bin)");
  command->add_option("--fuzz-bin", o->fuzz_bin,
                      "The same of a build with schedule_fuzz (--bin if it has "
                      "it, else build/fuzz-lens/bin beside its build tree)");
}

Programs ProgramsOf(const ScoreOptions& options) {
  Programs programs = {options.bin, options.tsan_bin, options.fuzz_bin};
  if (programs.bin.empty()) {
    std::error_code error;
    programs.bin =
        std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  }
  const std::filesystem::path trees =
      std::filesystem::path(programs.bin).parent_path().parent_path();
  if (programs.tsan_bin.empty()) programs.tsan_bin = trees / "tsan" / "bin";
  if (programs.fuzz_bin.empty()) {
    const bool has_it =
        std::filesystem::exists(programs.bin + "/schedule_fuzz");
    programs.fuzz_bin =
        has_it ? programs.bin : std::string(trees / "fuzz-lens" / "bin");
  }
  return programs;
}

absl::Status ReadBudget(ScoreOptions* options) {
  const absl::StatusOr<int64_t> ms = ParseDurationMs(options->budget);
  if (!ms.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--budget: ", ms.status().message()));
  }
  options->budget_ms = *ms;
  return absl::OkStatus();
}

// A new score in an empty folder, or the one that lies there.
absl::Status OpenFolder(ScoreOptions* options) {
  const std::string path = options->out + "/plan.json";
  const absl::StatusOr<std::string> before = ReadWhole(path);
  if (options->resume) {
    if (!before.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--resume: no score in ", options->out));
    }
    absl::Status status =
        Restore(nlohmann::json::parse(*before, nullptr, false), options);
    if (status.ok()) return status;
    return absl::InvalidArgumentError(
        absl::StrCat(path, " cannot be read: ", status.message()));
  }
  if (before.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--out: ", options->out,
                     " holds a score; --resume goes on with it, another --out "
                     "begins a new one"));
  }
  const absl::Status folder = MakeFolder(options->out);
  if (!folder.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--out: ", folder.message()));
  }
  return absl::OkStatus();
}

struct TableOptions {
  std::vector<std::string> scores;  // None: no table is asked for.
  std::string into;
};

absl::StatusOr<int> Tabulate(const TableOptions& options) {
  std::vector<std::string> texts;
  for (const std::string& path : options.scores) {
    absl::StatusOr<std::string> text = ReadWhole(path);
    if (!text.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--markdown: ", text.status().message()));
    }
    texts.push_back(*std::move(text));
  }
  const absl::StatusOr<std::string> table = ScoreTable(texts);
  if (!table.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--markdown: ", absl::StrJoin(options.scores, ","), ": ",
                     table.status().message()));
  }
  if (options.into.empty()) {
    std::fputs(table->c_str(), stdout);
    return 0;
  }
  const absl::Status status = PutTableInto(options.into, *table);
  if (status.ok()) return 0;
  return absl::InvalidArgumentError(absl::StrCat("--into: ", status.message()));
}

absl::StatusOr<int> Score(ScoreOptions* options) {
  absl::Status status = ReadBudget(options);
  if (!status.ok()) return status;
  TrialContext context;
  context.programs = ProgramsOf(*options);
  const auto catalogue = AskCatalogue(context.programs.bin);
  if (!catalogue.ok()) return catalogue.status();
  // Names before the folder: a typing error must leave nothing behind.
  auto plan = MakePlan(*options, *catalogue, context.programs);
  if (!plan.ok()) return plan.status();
  status = OpenFolder(options);
  if (!status.ok()) return status;
  if (options->resume) {
    plan = MakePlan(*options, *catalogue, context.programs);
    if (!plan.ok()) return plan.status();
  } else {
    status = WriteWhole(options->out + "/plan.json",
                        ToJson(*options).dump(1) + "\n");
    if (!status.ok()) return status;
  }
  context.out = options->out;
  context.scenarios = catalogue->scenarios;
  context.seeds = options->out + "/seeds";
  const bool fuzzes = std::any_of(
      plan->trials.begin(), plan->trials.end(),
      [](const TrialPlan& t) { return t.lens->kind == LensKind::kFuzz; });
  if (fuzzes) status = WriteFuzzSeeds(context.programs, context.seeds);
  if (!status.ok()) return status;
  ScoreRun run(*options, *plan, std::move(context));
  if (options->resume) status = run.Resume();
  if (!status.ok()) return status;
  return run.Run();
}

}  // namespace

void AddScoreCommand(Cli* cli) {
  auto options = std::make_shared<ScoreOptions>();
  CLI::App* command = cli->app.add_subcommand(
      "score", "Measures the judges: which lens finds which planted bug");
  command->footer(kFooter);
  AddWhatToScore(command, options.get());
  AddHowMuch(command, options.get());
  AddFolders(command, options.get());
  auto table = std::make_shared<TableOptions>();
  CLI::Option* markdown = command->add_option(
      "--markdown", table->scores,
      "Runs nothing: the tables of these score.json (a,b), in Markdown");
  markdown->delimiter(',');
  command
      ->add_option("--into", table->into,
                   "Where the table goes between its two marks (to the output)")
      ->needs(markdown);
  command->callback([cli, options, table] {
    const absl::StatusOr<int> code =
        table->scores.empty() ? Score(options.get()) : Tabulate(*table);
    if (code.ok()) {
      cli->exit_code = *code;
    } else {
      cli->Complain("score", code.status());
    }
  });
}

}  // namespace reveille::stress

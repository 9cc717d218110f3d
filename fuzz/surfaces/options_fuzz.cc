// What people write on the command lines of `reveille stress` and `reveille
// explore`, and what these write for each other: the label of a schedule, the
// command in a finding, the order to a child. The first byte says which of them
// the rest is; words of a command line end with a newline.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "fuzz/input.h"
#include "fuzz/surfaces/clear_error.h"
#include "stress/chaos.h"
#include "stress/driver/duration.h"
#include "stress/driver/run_spec.h"
#include "stress/driver/stress_arguments.h"
#include "stress/explore/explore_options.h"

namespace reveille::fuzz {
namespace {

constexpr int64_t kYearMs = int64_t{366} * 24 * 3600 * 1000;

void ReadDuration(const std::string& text) {
  const auto ms = stress::ParseDurationMs(text);
  if (!ms.ok()) return;
  Promise(*ms >= 1 && *ms <= kYearMs, "a duration is from 1 ms to a year");
}

void ReadChaos(const std::string& text) {
  const auto chaos = stress::ParseChaos(text);
  if (!chaos.ok()) return;
  const auto again = stress::ParseChaos(chaos->ToString());
  Promise(again.ok() && again->ToString() == chaos->ToString(),
          "chaos goes there and back");
}

// The words, last one first, as the parser wants them.
std::vector<std::string> WordsOf(std::string_view text) {
  std::vector<std::string> words =
      absl::StrSplit(absl::string_view(text.data(), text.size()), '\n');
  std::reverse(words.begin(), words.end());
  return words;
}
bool Parse(CLI::App* app, std::vector<std::string> words) {
  try {
    app->parse(std::move(words));
  } catch (const CLI::ParseError& error) {
    return false;
  }
  return true;
}

void CheckProgram(const stress::ProgramOptions& options) {
  Promise(options.procs >= 1 && options.procs <= 16, "from 1 to 16 workers");
  Promise(options.rounds >= 1 && options.rounds <= 1 << 20,
          "as many workloads as there may be");
  Promise(options.rescuers == "on" || options.rescuers == "off",
          "rescuers are on or off");
  if (!stress::Check(options).ok()) return;
  // Neither names of mutants nor inputs have blanks; what has is neither.
  if (!options.mutant.empty() || !options.input.empty()) return;
  const std::string label = stress::LabelOf(options);
  const auto again = stress::FromLabel(label);
  Promise(again.ok() && stress::LabelOf(*again) == label,
          "a label goes there and back");
}

// As a schedule has it: a line, and no long one.
void ReadLabel(const std::string& text) {
  const size_t end = text.find_first_of(std::string("\n\0", 2));
  const std::string label = text.substr(0, end).substr(0, 511);
  const auto options = stress::FromLabel(label);
  if (!options.ok()) return PromiseClearError(options.status().message());
  CheckProgram(*options);
}

void ReadExploreWords(std::string_view text) {
  CLI::App app;
  stress::ExploreOptions options;
  stress::AddProgramOptions(&app, &options.program);
  stress::AddSearchOptions(&app, &options);
  if (!Parse(&app, WordsOf(text))) return;
  CheckProgram(options.program);
  if (!stress::Check(&options).ok()) return;
  Promise(std::isfinite(options.seconds) && options.seconds >= 0 &&
              options.seconds <= static_cast<double>(kYearMs) / 1e3,
          "a search ends within a year");
  Promise(options.jobs >= 1 && options.jobs <= 256, "from 1 to 256 jobs");
  Promise(options.shrink_seconds >= 0, "shrinking takes time");
}

bool ReadStressWords(std::vector<std::string> words,
                     stress::StressArguments* arguments) {
  CLI::App app;
  stress::AddStressArguments(&app, arguments);
  if (!Parse(&app, std::move(words))) return false;
  stress::Translate(arguments);
  // A seed that is drawn would make two runs of one input differ.
  auto& seed = arguments->options.seed;
  if (!seed && !arguments->options.round) seed = 1;
  return stress::Check(&arguments->options).ok();
}

// The command in a finding asks for the same run again.
void CheckCommand(const stress::StressOptions& options) {
  stress::RunSpec spec = options.spec;
  spec.scenario = options.scenarios.front();
  spec.knobs.procs = options.procs.front();
  const uint64_t round = spec.first_round;
  std::vector<std::string> words =
      absl::StrSplit(stress::CommandFor(spec, round), ' ');
  words.erase(words.begin(), words.begin() + 2);  // "reveille stress"
  std::reverse(words.begin(), words.end());
  stress::StressArguments again;
  Promise(ReadStressWords(std::move(words), &again), "a command can be run");
  stress::RunSpec repeated = again.options.spec;
  repeated.scenario = again.options.scenarios.front();
  repeated.knobs.procs = again.options.procs.front();
  // That one round for a minute, whatever the first run was to do.
  repeated.budget_ms = spec.budget_ms;
  repeated.rounds = spec.rounds;
  repeated.same_round = spec.same_round;
  Promise(RequestOf(repeated) == RequestOf(spec),
          "a command asks for what was run");
}

void ReadStress(std::string_view text) {
  stress::StressArguments arguments;
  if (!ReadStressWords(WordsOf(text), &arguments)) return;
  const stress::StressOptions& o = arguments.options;
  Promise(!o.scenarios.empty() && !o.procs.empty(), "there is something to do");
  for (const int procs : o.procs) {
    Promise(procs >= 1 && procs <= 256, "from 1 to 256 workers");
  }
  Promise(o.spec.budget_ms >= 1 && o.patience_ms >= 1,
          "a run has its time and some patience");
  // Names of mutants have no blanks.
  if (o.spec.mutant.empty()) CheckCommand(o);
}

void ReadRunSpec(const std::string& text) {
  const auto spec = stress::RunSpecFromJson(text);
  if (!spec.ok()) return PromiseClearError(spec.status().message());
  const auto written = ToJson(*spec);
  const auto again = stress::RunSpecFromJson(written.dump());
  Promise(again.ok() && ToJson(*again) == written,
          "an order goes there and back");
}

}  // namespace
}  // namespace reveille::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  reveille::fuzz::Input input(data, size);
  const uint8_t kind = input.Byte();
  const std::string_view rest = input.Rest();
  switch (kind % 6) {
    case 0:
      reveille::fuzz::ReadDuration(std::string(rest));
      break;
    case 1:
      reveille::fuzz::ReadChaos(std::string(rest));
      break;
    case 2:
      reveille::fuzz::ReadLabel(std::string(rest));
      break;
    case 3:
      reveille::fuzz::ReadExploreWords(rest);
      break;
    case 4:
      reveille::fuzz::ReadStress(rest);
      break;
    default:
      reveille::fuzz::ReadRunSpec(std::string(rest));
      break;
  }
  return 0;
}

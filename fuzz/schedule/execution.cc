#include "fuzz/schedule/execution.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "stress/explore/scenario_body.h"
#include "stress/report/run_record.h"

namespace reveille::fuzz {
namespace {

// More is a program that goes round in a circle; the fair half comes on top. A
// crowd takes 20,000.
constexpr uint64_t kMostSteps = 60'000;
// Whoever sleeps after spinning does so after far fewer; tasks that meet spin
// for ever, and each one let out costs so many rounds.
constexpr uint32_t kSpinRounds = 128;

// Outlives its execution, so that it may be asked about them.
struct Last {
  Input input;
  std::optional<explore::Planned> planned;
};
Last& TheLast() {
  static Last last;
  return last;
}

}  // namespace

stress::ProgramOptions OptionsOf(const Program& program) {
  std::vector<uint8_t> bytes;
  EncodeProgram(program, &bytes);
  stress::ProgramOptions options;
  options.pool = program.pool();
  options.scenario = "program";
  options.mutant = stress::MutantName();
  options.rescuers = program.rescuers ? "on" : "off";
  options.procs = program.procs;
  options.rounds = 1;
  options.round = 0;
  options.input = ToHex(bytes);
  return options;
}

explore::ExecutionLimits LimitsOf(const Program& program) {
  explore::ExecutionLimits limits;
  limits.max_steps = kMostSteps;
  limits.spin_rounds = kSpinRounds;
  limits.early_timers = program.early_timers;
  limits.spurious_wakeups = program.spurious;
  return limits;
}

const explore::Outcome& Execute(const Input& input) {
  Last& last = TheLast();
  last.input = input;
  last.planned.emplace(&last.input.plan);
  stress::ScenarioBody body(OptionsOf(input.program));
  explore::SetOracle(body.oracle());
  const explore::Outcome* const outcome =
      explore::RunOnce(&*last.planned, 0, LimitsOf(input.program),
                       stress::ScenarioBody::Run, &body);
  explore::SetOracle(nullptr);
  return *outcome;
}

std::string ToText(const explore::Outcome& outcome) {
  return absl::StrCat(explore::NameOf(outcome.verdict), ", ", outcome.steps,
                      " steps, hash ",
                      absl::Hex(outcome.hash, absl::kZeroPad16));
}

const explore::Planned* LastPlanned() {
  const std::optional<explore::Planned>& planned = TheLast().planned;
  return planned ? &*planned : nullptr;
}

}  // namespace reveille::fuzz

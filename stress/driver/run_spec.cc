#include "stress/driver/run_spec.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "stress/report/field.h"

namespace reveille::stress {

nlohmann::json ToJson(const RunSpec& s) {
  return {{"pool", s.pool},
          {"scenario", s.scenario},
          {"mutant", s.mutant},
          {"chaos", s.chaos},
          {"rescuers", s.rescuers},
          {"flight_recorder", s.flight_recorder},
          {"watchdog", s.watchdog},
          {"seed", s.seed},
          {"first_round", s.first_round},
          {"rounds_wanted", s.rounds},
          {"same_round", s.same_round},
          {"budget_ms", s.budget_ms},
          {"procs", s.knobs.procs},
          {"tasks", s.knobs.tasks},
          {"producers", s.knobs.producers},
          {"max_batch", s.knobs.max_batch},
          {"work_ns", s.knobs.work_ns},
          {"out", s.out}};
}

nlohmann::json RequestOf(const RunSpec& spec) {
  nlohmann::json json = ToJson(spec);
  json.erase("out");
  return json;
}

absl::StatusOr<RunSpec> RunSpecFromJson(const std::string& text) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  RunSpec s;
  ScenarioKnobs& k = s.knobs;
  if (ReadField(json, "pool", &s.pool) &&
      ReadField(json, "scenario", &s.scenario) &&
      ReadField(json, "mutant", &s.mutant) &&
      ReadField(json, "chaos", &s.chaos) &&
      ReadField(json, "rescuers", &s.rescuers) &&
      ReadField(json, "flight_recorder", &s.flight_recorder) &&
      ReadField(json, "watchdog", &s.watchdog) &&
      ReadField(json, "seed", &s.seed) &&
      ReadField(json, "first_round", &s.first_round) &&
      ReadField(json, "rounds_wanted", &s.rounds) &&
      ReadField(json, "same_round", &s.same_round) &&
      ReadField(json, "budget_ms", &s.budget_ms) &&
      ReadField(json, "procs", &k.procs) &&
      ReadField(json, "tasks", &k.tasks) &&
      ReadField(json, "producers", &k.producers) &&
      ReadField(json, "max_batch", &k.max_batch) &&
      ReadField(json, "work_ns", &k.work_ns) &&
      ReadField(json, "out", &s.out)) {
    return s;
  }
  return absl::InvalidArgumentError(
      "run spec: a field is missing or of another type");
}

std::string CommandFor(const RunSpec& s, uint64_t round) {
  std::string command = absl::StrCat(
      "reveille stress --pool=", s.pool, " --scenario=", s.scenario,
      " --procs=", s.knobs.procs, " --seed=", s.seed, " --round=", round,
      " --duration=60s --chaos=", s.chaos,
      " --rescuers=", s.rescuers ? "on" : "off");
  if (!s.mutant.empty()) absl::StrAppend(&command, " --mutant=", s.mutant);
  const ScenarioKnobs usual;
  const auto add = [&command](const char* flag, int value, int usual_value) {
    if (value != usual_value) absl::StrAppend(&command, flag, value);
  };
  add(" --tasks=", s.knobs.tasks, usual.tasks);
  add(" --producers=", s.knobs.producers, usual.producers);
  add(" --max-batch=", s.knobs.max_batch, usual.max_batch);
  add(" --work-ns=", s.knobs.work_ns, usual.work_ns);
  if (!s.flight_recorder) absl::StrAppend(&command, " --flight-recorder=off");
  if (!s.watchdog) absl::StrAppend(&command, " --watchdog=off");
  return command;
}

}  // namespace reveille::stress

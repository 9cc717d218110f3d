#include "stress/driver/run_spec.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

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
  RunSpec s;
  try {
    const nlohmann::json json = nlohmann::json::parse(text);
    json.at("pool").get_to(s.pool);
    json.at("scenario").get_to(s.scenario);
    json.at("mutant").get_to(s.mutant);
    json.at("chaos").get_to(s.chaos);
    json.at("rescuers").get_to(s.rescuers);
    json.at("flight_recorder").get_to(s.flight_recorder);
    json.at("watchdog").get_to(s.watchdog);
    json.at("seed").get_to(s.seed);
    json.at("first_round").get_to(s.first_round);
    json.at("rounds_wanted").get_to(s.rounds);
    json.at("same_round").get_to(s.same_round);
    json.at("budget_ms").get_to(s.budget_ms);
    json.at("procs").get_to(s.knobs.procs);
    json.at("tasks").get_to(s.knobs.tasks);
    json.at("producers").get_to(s.knobs.producers);
    json.at("max_batch").get_to(s.knobs.max_batch);
    json.at("work_ns").get_to(s.knobs.work_ns);
    json.at("out").get_to(s.out);
  } catch (const nlohmann::json::exception& e) {
    return absl::InvalidArgumentError(absl::StrCat("run spec: ", e.what()));
  }
  return s;
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

#include "stress/driver/stress_options.h"

#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "stress/chaos.h"
#include "stress/pools/pool.h"

namespace reveille::stress {
namespace {

template <typename Entries>
std::string NamesOf(const Entries& entries) {
  return absl::StrJoin(entries, ", ", [](std::string* out, const auto& entry) {
    out->append(entry.name);
  });
}

absl::Status CheckNames(StressOptions* options) {
  if (FindPool(options->spec.pool) == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("--pool: no pool '", options->spec.pool,
                     "'; there are: ", NamesOf(AllPools())));
  }
  for (const std::string& name : options->scenarios) {
    if (FindScenario(name) != nullptr) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("--scenario: no scenario '", name,
                     "'; there are: ", NamesOf(AllScenarios())));
  }
  if (options->scenarios.empty()) {
    for (const Scenario& s : AllScenarios()) {
      options->scenarios.push_back(s.name);
    }
  }
  return absl::OkStatus();
}

absl::Status CheckDuration(const char* flag, const std::string& text,
                           int64_t* ms) {
  const absl::StatusOr<int64_t> parsed = ParseDurationMs(text);
  if (!parsed.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(flag, parsed.status().message()));
  }
  *ms = *parsed;
  return absl::OkStatus();
}

absl::Status CheckRound(const StressOptions& options) {
  if (!options.round) return absl::OkStatus();
  if (!options.seed) {
    return absl::InvalidArgumentError(
        "--round: needs the --seed that the round was counted from");
  }
  if (options.scenarios.size() != 1) {
    return absl::InvalidArgumentError("--round: needs one --scenario");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Check(StressOptions* options) {
  absl::Status status = CheckNames(options);
  if (status.ok()) status = CheckRound(*options);
  if (!status.ok()) return status;
  status = CheckDuration("--duration: ", options->duration,
                         &options->spec.budget_ms);
  if (!status.ok()) return status;
  status =
      CheckDuration("--patience: ", options->patience, &options->patience_ms);
  if (!status.ok()) return status;
  const absl::StatusOr<ChaosOptions> chaos = ParseChaos(options->spec.chaos);
  if (!chaos.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--chaos: ", chaos.status().message()));
  }
  options->spec.seed = options->seed ? *options->seed : std::random_device()();
  options->spec.first_round = options->round.value_or(0);
  options->spec.same_round = options->round.has_value();
  return absl::OkStatus();
}

}  // namespace reveille::stress

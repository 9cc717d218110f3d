// What `reveille score --resume` reads of an earlier score: plan.json and the
// lines of trials.jsonl; and what it asks the driver for: the lists of mutants
// and of the zoo. The first byte says which of them the rest is.
#include <string>

#include "fuzz/input.h"
#include "fuzz/surfaces/clear_error.h"
#include "nlohmann/json.hpp"
#include "stress/score/plan.h"
#include "stress/score/subject.h"
#include "stress/score/trial.h"

namespace reveille::fuzz {
namespace {

using nlohmann::json;

// As `reveille score` allows on its command line.
constexpr int kMostTrials = 10'000;

const stress::Catalogue& SmallCatalogue() {
  static const stress::Catalogue catalogue = [] {
    stress::Catalogue made;
    made.mutants.push_back(
        *stress::MutantFrom({{"name", "seed"}, {"expect", "deadlock"}}));
    made.zoo.push_back(*stress::ZooBugFrom(
        {{"name", "ape"}, {"pool", "ape"}, {"expect", "deadlock"}}));
    made.scenarios = {"burst"};
    return made;
  }();
  return catalogue;
}

void ReadPlan(const json& read) {
  stress::ScoreOptions options;
  const absl::Status status = stress::Restore(read, &options);
  if (!status.ok()) return PromiseClearError(status.message());
  Promise(options.trials >= 1 && options.trials <= kMostTrials &&
              options.clean_trials >= 0 && options.clean_trials <= kMostTrials,
          "no more trials than the command line allows");
  Promise(options.budget_ms >= 1, "a trial has some time");
  Promise(options.replays >= 0 && options.shrink_seconds >= 0,
          "nothing is done fewer than no times");
  const auto plan =
      stress::MakePlan(options, SmallCatalogue(), {"/", "/", "/"});
  if (!plan.ok()) return PromiseClearError(plan.status().message());
  stress::ScoreOptions again;
  Promise(stress::Restore(ToJson(options), &again).ok() &&
              ToJson(again) == ToJson(options),
          "a plan goes there and back");
}

void ReadTrial(const json& read) {
  const auto trial = stress::TrialFromJson(read);
  if (!trial) return;
  Promise(trial->key.number >= 0 && trial->slices >= 0 &&
              trial->failed_slices >= 0 && trial->replays >= 0 &&
              trial->same >= 0 && trial->preemptions >= -1,
          "nothing is counted below none");
  Promise(trial->seconds >= 0, "time does not run back");
  Promise(trial->same <= trial->replays, "no more repeats than were tried");
  const json written = ToJson(*trial);
  const auto again = stress::TrialFromJson(written);
  Promise(again && ToJson(*again) == written, "a trial goes there and back");
}

void ReadSubject(const absl::StatusOr<stress::Subject>& subject) {
  if (!subject.ok()) return PromiseClearError(subject.status().message());
  Promise(!subject->name.empty(), "what is listed has a name");
}

}  // namespace
}  // namespace reveille::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using reveille::fuzz::json;
  reveille::fuzz::Input input(data, size);
  const uint8_t kind = input.Byte();
  const json read = json::parse(input.Rest(), nullptr, false);
  switch (kind % 4) {
    case 0:
      reveille::fuzz::ReadPlan(read);
      break;
    case 1:
      reveille::fuzz::ReadTrial(read);
      break;
    case 2:
      reveille::fuzz::ReadSubject(reveille::stress::MutantFrom(read));
      break;
    default:
      reveille::fuzz::ReadSubject(reveille::stress::ZooBugFrom(read));
      break;
  }
  return 0;
}

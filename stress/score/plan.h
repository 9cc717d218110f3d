// ScorePlan: which trials there are, in which order.
#ifndef REVEILLE_STRESS_SCORE_PLAN_H_
#define REVEILLE_STRESS_SCORE_PLAN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"
#include "stress/score/lens.h"
#include "stress/score/subject.h"
#include "stress/score/trial.h"

namespace reveille::stress {

// What may be asked for, on the command line and in plan.json.
inline constexpr int kMostTrials = 10'000;
inline constexpr int kMostReplays = 1000;
inline constexpr double kMostShrinkSeconds = 1e6;
inline constexpr int64_t kMostBudgetMs = int64_t{366} * 24 * 3600 * 1000;

struct ScoreOptions {
  std::string mutants = "all";  // all, expected, none or names with commas.
  std::string zoo = "none";     // Likewise.
  std::vector<std::string> lenses = {"explore-portfolio"};
  std::vector<std::string> rescuers = {"off"};
  int trials = 20;
  int clean_trials = 1;
  std::string budget = "60s";
  int64_t budget_ms = 0;   // `budget`, read.
  uint64_t schedules = 0;  // Not 0: the budget, in place of time.
  int jobs = 1;
  uint64_t seed = 1;
  int replays = 20;
  double shrink_seconds = 5;
  std::string out = "out/score";
  bool resume = false;
  std::string bin;       // Programs; "": beside this one.
  std::string tsan_bin;  // "": build/tsan beside the build tree of `bin`.
  std::string fuzz_bin;  // "": `bin` if it has them, or build/fuzz-lens beside.
};
// What decides the trials, for a later --resume.
nlohmann::json ToJson(const ScoreOptions& options);
absl::Status Restore(const nlohmann::json& json, ScoreOptions* options);

// What the programs of the build say there is.
struct Catalogue {
  std::vector<Subject> mutants;
  std::vector<Subject> zoo;
  std::vector<std::string> scenarios;
};
absl::StatusOr<Catalogue> AskCatalogue(const std::string& bin);

struct NotRun {
  std::string lens;
  std::string subject;  // "": all of them; or "zoo": it and its twins.
  std::string why;
};

struct ScorePlan {
  std::vector<Subject> subjects;
  std::vector<TrialPlan> trials;  // Points into `subjects`.
  std::vector<NotRun> not_run;
};

// The first trial of everything before the second of anything, so that a score
// that is cut short is a smaller one. A trial's seed depends on its lens and
// its number, not on the subject.
absl::StatusOr<ScorePlan> MakePlan(const ScoreOptions& options,
                                   const Catalogue& catalogue,
                                   const Programs& programs);

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_SCORE_PLAN_H_

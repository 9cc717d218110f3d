// ScenarioBody: one execution is one round of a scenario on a fresh pool, from
// its creation to its end.
#ifndef REVEILLE_STRESS_EXPLORE_SCENARIO_BODY_H_
#define REVEILLE_STRESS_EXPLORE_SCENARIO_BODY_H_

#include <memory>

#include "absl/status/statusor.h"
#include "stress/explore/explore_options.h"
#include "stress/explore/scenario_oracle.h"
#include "stress/scenarios/scenario.h"

namespace reveille::stress {

// How the message begins when the pool lacks what the scenario needs.
inline constexpr const char* kPoolLacks =
    "the pool lacks what the scenario needs";

class ScenarioBody {
 public:
  // `options` were checked.
  explicit ScenarioBody(const ProgramOptions& options);

  // The body for the lens; `self` is a ScenarioBody.
  static void Run(void* self);
  explore::Oracle* oracle() { return &oracle_; }

 private:
  absl::StatusOr<std::unique_ptr<Pool>> MakePool(int parallelism) const;
  uint64_t ChooseRoundSeed() const;
  void RunRound(Pool& pool, Judge& judge);
  void RunOnce();

  const ProgramOptions options_;
  const PoolEntry& pool_;
  const Scenario& scenario_;
  ScenarioKnobs knobs_;
  ScenarioOracle oracle_;
};

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_EXPLORE_SCENARIO_BODY_H_

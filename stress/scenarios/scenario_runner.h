// ScenarioRunner: rounds of a scenario, as the tests run them.
#ifndef REVEILLE_STRESS_SCENARIOS_SCENARIO_RUNNER_H_
#define REVEILLE_STRESS_SCENARIOS_SCENARIO_RUNNER_H_

#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "stress/scenarios/scenario.h"

namespace reveille::stress {

using MakePool = std::function<std::unique_ptr<Pool>(int parallelism)>;

class ScenarioRunner {
 public:
  ScenarioRunner(const std::string& scenario, const ScenarioKnobs& knobs,
                 MakePool make_pool)
      : scenario_(*FindScenario(scenario)),
        knobs_(Tuned(knobs)),
        make_pool_(std::move(make_pool)),
        pool_(make_pool_(knobs_.procs)) {}

  Pool& pool() { return *pool_; }
  Judge& judge() { return judge_; }
  const ScenarioKnobs& knobs() const { return knobs_; }
  // "" or what the pool cannot do.
  std::string Missing() { return scenario_.missing(*pool_); }

  void RunRound(uint64_t seed) {
    ScenarioContext context{
        *pool_,
        knobs_,
        seed,
        std::mt19937_64(seed),
        judge_,
        stop_,
        [this](int n) {
          return absl::StatusOr<std::unique_ptr<Pool>>(make_pool_(n));
        }};
    scenario_.run(context);
  }
  // Rounds until one fails; which verdicts it got.
  std::set<std::string> RunUntilFailure(int most_rounds) {
    for (int seed = 1; seed <= most_rounds && !judge_.failed(); ++seed) {
      RunRound(static_cast<uint64_t>(seed));
    }
    std::set<std::string> verdicts;
    for (const Failure& failure : judge_.failures()) {
      verdicts.insert(failure.verdict);
    }
    return verdicts;
  }
  void Stop() { stop_.store(true); }

 private:
  ScenarioKnobs Tuned(ScenarioKnobs knobs) const {
    scenario_.tune(knobs);
    return knobs;
  }

  const Scenario& scenario_;
  const ScenarioKnobs knobs_;
  const MakePool make_pool_;
  std::atomic<bool> stop_{false};
  Judge judge_{1 << 16};
  std::unique_ptr<Pool> pool_;
};

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_SCENARIOS_SCENARIO_RUNNER_H_

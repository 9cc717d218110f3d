// A scenario: a workload made from a seed, and the promise it checks.
//
// A scenario knows the contract of pools and nothing of any pool. All that is
// random comes from ScenarioContext::rng, so that a seed repeats it. It uses
// plain C++ and POSIX threads, clocks and descriptors only, so that it runs on
// real threads and under the explore lens alike; it never takes real time for a
// measure of progress (no "if it took 5 s, fail": time may be virtual), and its
// size comes from the knobs, so that it can be tiny.
#ifndef REVEILLE_STRESS_SCENARIOS_SCENARIO_H_
#define REVEILLE_STRESS_SCENARIOS_SCENARIO_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "stress/oracles/oracle.h"
#include "stress/pools/pool.h"

namespace reveille::stress {

struct ScenarioKnobs {
  int procs = 2;       // Parallelism of the pool.
  int tasks = 1000;    // Rough size of one round.
  int producers = 2;   // Threads that submit from outside.
  int max_batch = 64;  // Largest burst, or set of descriptors, at once.
  int work_ns = 2000;  // Typical length of a task that computes.
  bool tiny = false;   // For the explore lens: few tasks, no busy loops.
};

struct ScenarioContext {
  Pool& pool;
  ScenarioKnobs knobs;
  uint64_t seed;            // Of this round.
  std::mt19937_64 rng;      // From the seed; main thread of the round only.
  Judge& judge;             // Where tasks are counted and failures go.
  std::atomic<bool>& stop;  // Set: end the round soon; what is submitted
                            // still has to run.
  // A further pool of the same kind with so many workers, for scenarios that
  // create and destroy pools. Any thread.
  std::function<absl::StatusOr<std::unique_ptr<Pool>>(int parallelism)>
      make_pool;
  // What the scenario is to do, for those that are told; of ProgramOptions.
  std::string input = {};
};

struct Scenario {
  std::string name;
  std::string promise;  // One line, for `list scenarios` and the report.
  // Capabilities that it needs; "" or what the pool lacks.
  std::function<std::string(Pool&)> missing;
  // One round: submit, wait until all that was submitted has run, check. The
  // pool is fresh or comes from the round before. Returns when the round is
  // quiescent. `shutdown`-like scenarios that need pools of their own create
  // them through ScenarioContext::make_pool.
  std::function<void(ScenarioContext&)> run;
  // Adjusts the knobs that a round starts from (a rendezvous has as many tasks
  // as Ps).
  std::function<void(ScenarioKnobs&)> tune;
};

bool RegisterScenario(Scenario scenario);
const std::vector<Scenario>& AllScenarios();  // In the order of their names.
const Scenario* FindScenario(absl::string_view name);

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_SCENARIOS_SCENARIO_H_

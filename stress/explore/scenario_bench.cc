// What a schedule costs where a whole pool lives and dies in it: units of 4096
// schedules under the portfolio, forking and counting included.
#include <benchmark/benchmark.h>

#include <string>

#include "sanitizers/explore/campaign.h"
#include "stress/explore/scenario_body.h"

namespace reveille::stress {
namespace {

void Explore(benchmark::State& state, const std::string& pool,
             const std::string& scenario, int procs) {
  ProgramOptions options;
  options.pool = pool;
  options.scenario = scenario;
  options.procs = procs;
  ScenarioBody body(options);
  explore::SetOracle(body.oracle());
  explore::Config config;
  config.executions = config.unit;
  uint64_t executions = 0;
  uint64_t steps = 0;
  for (auto _ : state) {
    ++config.seed;
    const explore::Report report =
        explore::Run(config, ScenarioBody::Run, &body);
    executions += report.executions;
    steps += report.steps;
    if (report.exit_code() != 0) state.SkipWithError("not clean");
  }
  explore::SetOracle(nullptr);
  using benchmark::Counter;
  state.counters["executions/s"] =
      Counter(static_cast<double>(executions), Counter::kIsRate);
  state.counters["steps"] =
      static_cast<double>(steps) / static_cast<double>(executions);
}

void Register(const char* pool, const char* scenario, int procs) {
  const std::string name =
      std::string(pool) + "_" + scenario + "_" + std::to_string(procs) + "p";
  benchmark::RegisterBenchmark(
      name.c_str(),
      [=](benchmark::State& state) { Explore(state, pool, scenario, procs); })
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
}

[[maybe_unused]] const bool registered = [] {
  Register("mpg", "burst", 2);
  Register("mpg", "handoff", 2);
  Register("mpg", "rendezvous", 1);
  Register("mpg", "rendezvous", 2);
  Register("reference", "rendezvous", 2);
  return true;
}();

}  // namespace
}  // namespace reveille::stress

BENCHMARK_MAIN();

#include "stress/explore/scenario_body.h"

#include <atomic>
#include <chrono>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sanitizers/explore/explore.h"
#include "stress/driver/seeds.h"
#include "stress/oracles/quiescence.h"

namespace reveille::stress {
namespace {

// Tasks of a tiny round that are told apart. Of more than these a timer would
// count as due before it is: no scenario has as many.
constexpr uint32_t kJudgeCapacity = 1024;

ScenarioKnobs KnobsFor(const ProgramOptions& options,
                       const Scenario& scenario) {
  ScenarioKnobs knobs;
  knobs.procs = options.procs;
  knobs.tasks = 4;
  knobs.producers = 1;
  knobs.max_batch = 4;
  knobs.work_ns = 0;
  knobs.tiny = true;
  if (scenario.tune) scenario.tune(knobs);
  return knobs;
}

void Fail(explore::Verdict verdict, absl::string_view message) {
  explore::Fail(verdict, std::string(message).c_str());
}

// Without a deadline, which an early timer might bring about: whoever hangs is
// seen by the lens.
void EndPool(Pool& pool, Judge& judge) {
  if (pool.Shutdown(PoolClock::time_point::max())) {
    CheckQuiescent(pool, &judge);
  } else {
    judge.Fail("check-failed",
               "Shutdown() gave up although it had no deadline");
  }
}

}  // namespace

ScenarioBody::ScenarioBody(const ProgramOptions& options)
    : options_(options),
      pool_(*FindPool(options.pool)),
      scenario_(*FindScenario(options.scenario)),
      knobs_(KnobsFor(options, scenario_)),
      oracle_(options.rescuers == "on") {}

void ScenarioBody::Run(void* self) {
  static_cast<ScenarioBody*>(self)->RunOnce();
}

absl::StatusOr<std::unique_ptr<Pool>> ScenarioBody::MakePool(
    int parallelism) const {
  PoolConfig config;
  config.parallelism = parallelism;
  config.rescuers = options_.rescuers == "on";
  config.patient_search = false;
  return pool_.create(config);
}

uint64_t ScenarioBody::ChooseRoundSeed() const {
  const uint64_t round =
      options_.round ? *options_.round : explore::ChooseBelow(options_.rounds);
  return RoundSeed(options_.seed, options_.scenario, round);
}

void ScenarioBody::RunRound(Pool& pool, Judge& judge) {
  const uint64_t seed = ChooseRoundSeed();
  std::atomic<bool> stop{false};
  ScenarioContext context{pool,
                          knobs_,
                          seed,
                          std::mt19937_64(seed),
                          judge,
                          stop,
                          [this](int parallelism) {
                            oracle_.OnlyWhiteBox();
                            return MakePool(parallelism);
                          },
                          options_.input};
  oracle_.Watch(&judge, &pool);
  scenario_.run(context);
  const std::string rescued = oracle_.Rescued();
  if (!rescued.empty()) Fail(explore::Verdict::kRescued, rescued);
  EndPool(pool, judge);
  oracle_.LookAway();
}

void ScenarioBody::RunOnce() {
  oracle_.LookAway();
  Judge judge(kJudgeCapacity);
  auto pool = MakePool(knobs_.procs);
  if (!pool.ok()) {
    return Fail(explore::Verdict::kRefused, pool.status().message());
  }
  const std::string missing =
      scenario_.missing ? scenario_.missing(**pool) : "";
  if (!missing.empty()) {
    return Fail(explore::Verdict::kRefused,
                absl::StrCat(kPoolLacks, ": pool ", options_.pool,
                             ", scenario ", options_.scenario, ": ", missing));
  }
  RunRound(**pool, judge);
  pool->reset();
  if (!judge.failed()) return;
  const Failure failure = judge.failures()[0];
  Fail(VerdictOf(failure), failure.what);
}

}  // namespace reveille::stress

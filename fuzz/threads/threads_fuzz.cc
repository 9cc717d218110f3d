// threads_fuzz: the programs of schedule_fuzz on real threads, for who sees
// what the explore lens does not: data races, use after free, leaks, weak
// memory. An input is a program and then bytes that seed delays. What the
// judges or the watchdog see ends the process after one line; sanitizers speak
// for themselves. The same input need not fail again.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>

#include "fuzz/program/program.h"
#include "stress/oracles/quiescence.h"
#include "stress/scenarios/dice.h"
#include "stress/scenarios/scenario.h"
#include "stress/watchdog.h"

namespace reveille::fuzz {
namespace {

using stress::Judge;
using stress::Pool;
using stress::PoolClock;

constexpr uint32_t kJudgeCapacity = 4096;
constexpr auto kShutdownPatience = std::chrono::seconds(60);

[[noreturn]] void Die(const std::string& verdict, const std::string& what) {
  std::fprintf(stderr, "threads_fuzz: %s: %s\n", verdict.c_str(), what.c_str());
  std::abort();
}

void DieIfFailed(const Judge& judge) {
  if (!judge.failed()) return;
  const stress::Failure failure = judge.failures()[0];
  Die(failure.verdict, failure.what);
}

// Watches all inputs of the process, one at a time.
stress::Watchdog& TheWatchdog() {
  static auto* const watchdog = new stress::Watchdog(
      stress::DefaultWatchdogOptions(),
      [](const stress::Verdict& verdict, const stress::WatchdogReport&) {
        Die(verdict.verdict, verdict.what);
      });
  return *watchdog;
}

uint64_t Digest(const uint8_t* bytes, size_t size) {
  uint64_t digest = size;
  for (size_t i = 0; i < size; ++i) {
    digest = stress::Dice(digest ^ bytes[i]).Next();
  }
  return digest;
}

stress::ScenarioKnobs KnobsFor(const Program& program) {
  stress::ScenarioKnobs knobs;
  knobs.procs = program.procs;
  return knobs;
}

std::unique_ptr<Pool> MakePool(const Program& program, int parallelism) {
  stress::PoolConfig config;
  config.parallelism = parallelism;
  config.rescuers = program.rescuers;
  auto pool = stress::FindPool(program.pool())->create(config);
  if (!pool.ok()) Die("check-failed", std::string(pool.status().message()));
  return *std::move(pool);
}

void Execute(const Program& program, uint64_t seed) {
  Judge judge(kJudgeCapacity);
  std::unique_ptr<Pool> pool = MakePool(program, program.procs);
  std::vector<uint8_t> bytes;
  EncodeProgram(program, &bytes);
  std::atomic<bool> stop{false};
  stress::ScenarioContext context{
      *pool,
      KnobsFor(program),
      seed,
      std::mt19937_64(seed),
      judge,
      stop,
      [&program](int parallelism) {
        return absl::StatusOr<std::unique_ptr<Pool>>(
            MakePool(program, parallelism));
      },
      ToHex(bytes)};
  TheWatchdog().Begin(pool.get(), &judge);
  stress::FindScenario("program")->run(context);
  TheWatchdog().End();
  DieIfFailed(judge);
  if (!pool->Shutdown(PoolClock::now() + kShutdownPatience)) {
    Die("deadlock", "Shutdown() gave up although all tasks had finished");
  }
  stress::CheckQuiescent(*pool, &judge);
  DieIfFailed(judge);
}

}  // namespace
}  // namespace reveille::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  size_t used = 0;
  const auto program = reveille::fuzz::DecodeProgram(data, size, &used);
  reveille::fuzz::Execute(program,
                          reveille::fuzz::Digest(data + used, size - used));
  return 0;
}

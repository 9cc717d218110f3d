// Each scenario on each registered pool, whole and tiny: a good pool gets no
// complaint, and a seed repeats what it submits.
#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

#include "stress/scenarios/scenario_runner.h"

namespace reveille::stress {
namespace {

MakePool Maker(const std::string& pool) {
  return [pool](int parallelism) {
    PoolConfig config;
    config.parallelism = parallelism;
    return *FindPool(pool)->create(config);
  };
}

class ScenarioTest
    : public testing::TestWithParam<std::tuple<std::string, std::string>> {
 protected:
  void ExpectClean(const ScenarioKnobs& knobs, int rounds) {
    ScenarioRunner runner(std::get<0>(GetParam()), knobs,
                          Maker(std::get<1>(GetParam())));
    if (!runner.Missing().empty()) GTEST_SKIP() << runner.Missing();
    runner.RunUntilFailure(rounds);
    for (const Failure& failure : runner.judge().failures()) {
      ADD_FAILURE() << failure.verdict << ": " << failure.what;
    }
    EXPECT_GT(runner.judge().finished(), 0u);
    EXPECT_EQ(runner.judge().waiting(), 0u);
    EXPECT_EQ(runner.judge().running(), 0u);
  }
};

TEST_P(ScenarioTest, GoodPoolPassesTinyRounds) {
  for (const int procs : {1, 2, 3}) {
    ExpectClean({.procs = procs, .tiny = true}, 20);
  }
}

TEST_P(ScenarioTest, GoodPoolPassesWholeRounds) {
  for (const int procs : {1, 2, 4}) {
    ExpectClean({.procs = procs, .tasks = 200, .max_batch = 16}, 3);
  }
}

TEST_P(ScenarioTest, StoppedRoundEndsQuiescent) {
  ScenarioRunner runner(std::get<0>(GetParam()), {.tasks = 100'000},
                        Maker(std::get<1>(GetParam())));
  if (!runner.Missing().empty()) GTEST_SKIP() << runner.Missing();
  runner.Stop();
  runner.RunRound(1);
  EXPECT_FALSE(runner.judge().failed());
  EXPECT_EQ(runner.judge().submitted(), runner.judge().finished());
}

std::vector<std::string> ScenarioNames() {
  std::vector<std::string> names;
  for (const Scenario& scenario : AllScenarios())
    names.push_back(scenario.name);
  return names;
}

std::vector<std::string> PoolNames() {
  std::vector<std::string> names;
  for (const PoolEntry& entry : AllPools()) names.push_back(entry.name);
  return names;
}

std::string TestName(
    const testing::TestParamInfo<ScenarioTest::ParamType>& info) {
  std::string name = std::get<0>(info.param) + "_" + std::get<1>(info.param);
  for (char& c : name) {
    if (c == '-') c = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Scenarios, ScenarioTest,
                         testing::Combine(testing::ValuesIn(ScenarioNames()),
                                          testing::ValuesIn(PoolNames())),
                         TestName);

// Those whose submissions do not depend on what the pool answers.
class RepeatabilityTest : public testing::TestWithParam<std::string> {};

TEST_P(RepeatabilityTest, SeedDecidesWhatIsSubmitted) {
  for (const uint64_t seed : {1, 2, 3}) {
    uint64_t first = 0;
    for (int run = 0; run < 2; ++run) {
      ScenarioRunner runner(GetParam(), {.tasks = 100, .max_batch = 8},
                            Maker("reference"));
      runner.RunRound(seed);
      const uint64_t submitted = runner.judge().submitted();
      if (run == 0) first = submitted;
      EXPECT_EQ(submitted, first) << "seed " << seed;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Scenarios, RepeatabilityTest,
                         testing::Values("burst", "fanout", "handoff",
                                         "idleresize", "idlework", "lend",
                                         "netpoll", "pdrop", "relay",
                                         "rendezvous", "resize", "yield"));

TEST(ScenarioRegistryTest, KnowsEveryScenarioByName) {
  for (const char* name :
       {"alarm",   "burst",      "childgate",  "errand",   "fanout",
        "giveway", "handoff",    "idleresize", "idlework", "lend",
        "mix",     "netpoll",    "overtake",   "pdrop",    "readyrace",
        "relay",   "rendezvous", "resize",     "shutdown", "timers",
        "yield"}) {
    const Scenario* scenario = FindScenario(name);
    ASSERT_NE(scenario, nullptr) << name;
    EXPECT_FALSE(scenario->promise.empty());
  }
  EXPECT_EQ(FindScenario("no-such-scenario"), nullptr);
}

TEST(ScenarioRegistryTest, BugSecondScenarioOfTheSameNameIsRefused) {
  Scenario again = *FindScenario("burst");
  EXPECT_FALSE(RegisterScenario(again));
}

TEST(ScenarioRegistryTest, PoolWithoutACapabilityIsToldWhichOneIsMissing) {
  class BarePool : public Pool {
   public:
    bool Submit(PoolFn) override { return false; }
    int Parallelism() const override { return 1; }
    bool Shutdown(PoolClock::time_point) override { return true; }
  } pool;
  EXPECT_EQ(FindScenario("burst")->missing(pool), "");
  for (const char* name : {"alarm", "childgate", "giveway", "idleresize",
                           "idlework", "lend", "netpoll", "overtake", "pdrop",
                           "readyrace", "resize", "timers", "yield"}) {
    EXPECT_NE(FindScenario(name)->missing(pool), "") << name;
  }
}

}  // namespace
}  // namespace reveille::stress

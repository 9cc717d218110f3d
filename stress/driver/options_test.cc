#include <gtest/gtest.h>

#include <set>
#include <string>

#include "stress/driver/run_spec.h"
#include "stress/driver/seeds.h"
#include "stress/driver/stress_options.h"

namespace reveille::stress {
namespace {

TEST(OptionsTest, DurationsAreReadInAllTheirForms) {
  EXPECT_EQ(*ParseDurationMs("60s"), 60'000);
  EXPECT_EQ(*ParseDurationMs("90"), 90'000);
  EXPECT_EQ(*ParseDurationMs("0.5"), 500);
  EXPECT_EQ(*ParseDurationMs("500ms"), 500);
  EXPECT_EQ(*ParseDurationMs("1h30m"), 5'400'000);
}

TEST(OptionsTest, NoDurationIsSaid) {
  for (const std::string text : {"", "abc", "0", "-1s", "5 minutes", "inf",
                                 "nan", "1e300", "9999999h"}) {
    EXPECT_FALSE(ParseDurationMs(text).ok()) << text;
  }
}

// The first values of the published generator (Steele, Lea, Flood) from seed 0.
TEST(SeedsTest, SplitMix64IsTheKnownOne) {
  EXPECT_EQ(SplitMix64(0), 0xe220a8397b1dcdafu);
  EXPECT_EQ(SplitMix64(0x9e3779b97f4a7c15), 0x6e789e6aa1b965f4u);
}

TEST(SeedsTest, RoundsScenariosAndRootsAllTellApart) {
  std::set<uint64_t> seeds;
  for (uint64_t root = 0; root < 10; ++root) {
    for (const char* scenario : {"mix", "burst", "xim", ""}) {
      for (uint64_t round = 0; round < 100; ++round) {
        seeds.insert(RoundSeed(root, scenario, round));
      }
    }
  }
  EXPECT_EQ(seeds.size(), 4000u);
}

TEST(RunSpecTest, SurvivesTheWayToTheChild) {
  RunSpec spec;
  spec.pool = "mine";
  spec.scenario = "mix";
  spec.chaos = "stall,hogs";
  spec.rescuers = false;
  spec.seed = ~uint64_t{0};
  spec.first_round = uint64_t{1} << 60;
  spec.same_round = true;
  spec.budget_ms = 1234;
  spec.knobs.procs = 7;
  spec.out = "/somewhere else/\"x\"";
  const auto copy = RunSpecFromJson(ToJson(spec).dump());
  ASSERT_TRUE(copy.ok()) << copy.status();
  EXPECT_EQ(ToJson(*copy), ToJson(spec));
}

TEST(RunSpecTest, DamagedSpecIsRefused) {
  EXPECT_FALSE(RunSpecFromJson("").ok());
  EXPECT_FALSE(RunSpecFromJson("{}").ok());
  EXPECT_FALSE(RunSpecFromJson("{\"pool\": 3}").ok());
  EXPECT_FALSE(RunSpecFromJson("[1, 2").ok());
  nlohmann::json spec = ToJson(RunSpec());
  spec["procs"] = 1e300;
  EXPECT_FALSE(RunSpecFromJson(spec.dump()).ok());
  spec["procs"] = 2;
  spec["seed"] = -1;
  EXPECT_FALSE(RunSpecFromJson(spec.dump()).ok());
}

TEST(RunSpecTest, CommandNamesAllThatIsNotUsual) {
  RunSpec spec;
  spec.scenario = "mix";
  EXPECT_EQ(CommandFor(spec, 3),
            "reveille stress --pool=mpg --scenario=mix --procs=2 --seed=1 "
            "--round=3 --duration=60s --chaos=none --rescuers=on");
  spec.mutant = "pre-seed";
  spec.knobs.tasks = 10;
  spec.flight_recorder = false;
  const std::string command = CommandFor(spec, 3);
  for (const char* part :
       {" --mutant=pre-seed", " --tasks=10", " --flight-recorder=off"}) {
    EXPECT_NE(command.find(part), std::string::npos) << part;
  }
}

}  // namespace
}  // namespace reveille::stress

// The command line as scripts rely on it: exit codes, one clear line for what
// is wrong, JSON on standard output and nothing else there.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "nlohmann/json.hpp"
#include "stress/testing/run_driver.h"

namespace reveille::stress {
namespace {

DriverResult RunDriver(std::vector<std::string> arguments) {
  return DriverUnderTest().Run(std::move(arguments));
}

TEST(CliTest, HelpIsOnStandardOutputEverywhere) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{
           {"--help"}, {"-h"}, {"stress", "--help"}, {"list", "--help"}}) {
    const DriverResult result = RunDriver(arguments);
    EXPECT_EQ(result.exit_code, 0) << arguments[0];
    EXPECT_NE(result.out.find("Usage:"), std::string::npos) << result.out;
    EXPECT_EQ(result.err, "");
  }
}

TEST(CliTest, HelpSaysTheExitCodes) {
  EXPECT_NE(RunDriver({"--help"}).out.find("Exit codes"), std::string::npos);
  EXPECT_NE(RunDriver({"stress", "--help"}).out.find("Exit codes"),
            std::string::npos);
}

TEST(CliTest, VersionNamesTheBuild) {
  const DriverResult result = RunDriver({"--version"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out.find("reveille "), 0u);
  EXPECT_EQ(CountLines(result.out), 1);
}

struct BadUsage {
  std::vector<std::string> arguments;
  std::string says;  // Part of the one line.
};

class BadUsageTest : public testing::TestWithParam<BadUsage> {};

TEST_P(BadUsageTest, IsOneLineAndExitCodeTwo) {
  const DriverResult result = RunDriver(GetParam().arguments);
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(CountLines(result.err), 1) << result.err;
  EXPECT_EQ(result.err.find("reveille"), 0u);
  EXPECT_NE(result.err.find(GetParam().says), std::string::npos) << result.err;
  EXPECT_EQ(result.out, "");
}

INSTANTIATE_TEST_SUITE_P(
    All, BadUsageTest,
    testing::Values(
        BadUsage{{}, "there are: stress, explore"},
        BadUsage{{"stres"}, "stres"},
        BadUsage{{"stress", "--bogus"}, "--bogus"},
        BadUsage{{"stress", "--bogus=3"}, "--bogus"},
        BadUsage{{"stress", "extra"}, "extra"},
        BadUsage{{"stress", "--pool=nope"}, "there are: crashing"},
        BadUsage{{"stress", "--pool=sound", "--scenario=nope"}, "tiny-bursts"},
        BadUsage{{"stress", "--procs=0"}, "range 1 to 256"},
        BadUsage{{"stress", "--procs=1,two"}, "range 1 to 256"},
        BadUsage{{"stress", "--procs"}, "--procs"},
        BadUsage{{"stress", "--tasks=-1"}, "--tasks"},
        BadUsage{{"stress", "--seed=abc"}, "--seed"},
        BadUsage{{"stress", "--pool=sound", "--duration=abc"}, "write 60s"},
        BadUsage{{"stress", "--pool=sound", "--duration=0"}, "1ms to a year"},
        BadUsage{{"stress", "--pool=sound", "--duration=-5s"}, "1ms to a year"},
        BadUsage{{"stress", "--pool=sound", "--chaos=rain"},
                 "stall,affinity,hogs,nice"},
        BadUsage{{"stress", "--rescuers=maybe"}, "--rescuers"},
        BadUsage{{"stress", "--pool=sound", "--round=3"}, "--seed"},
        BadUsage{{"stress", "--pool=sound", "--round=3", "--seed=1"},
                 "one --scenario"},
        BadUsage{{"stress", "--mutant=no-such-bug"}, "no mutant 'no-such-bug'"},
        BadUsage{{"list"}, "what"}, BadUsage{{"list", "poools"}, "poools"}));

TEST(CliTest, ListsAreLinesOrJson) {
  const DriverResult lines = RunDriver({"list", "scenarios"});
  EXPECT_EQ(lines.exit_code, 0);
  EXPECT_NE(lines.out.find("tiny-bursts                All of a burst runs\n"),
            std::string::npos)
      << lines.out;
  const auto json =
      nlohmann::json::parse(RunDriver({"list", "pools", "--json"}).out);
  ASSERT_TRUE(json.is_array());
  EXPECT_TRUE(std::any_of(json.begin(), json.end(), [](const auto& pool) {
    return pool["name"] == "sound";
  }));
  EXPECT_EQ(RunDriver({"list", "mutants"}).exit_code, 0);
}

}  // namespace
}  // namespace reveille::stress

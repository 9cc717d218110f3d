// The explore driver from outside: pools and scenarios under the lens.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "stress/testing/run_driver.h"

namespace reveille::stress {
namespace {

std::string TextOf(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class ExploreDriverTest : public testing::Test {
 protected:
  DriverResult Explore(const std::string& pool, const std::string& scenario,
                       int schedules,
                       const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {
        "explore",
        "--pool=" + pool,
        "--scenario=" + scenario,
        absl::StrCat("--schedules=", schedules),
        "--shrink-seconds=1",
        "--out=" + driver_.folder()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return driver_.Run(arguments);
  }
  void ExpectClean(const std::string& pool, const std::string& scenario,
                   int schedules, const std::vector<std::string>& more = {}) {
    const DriverResult result = Explore(pool, scenario, schedules, more);
    EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
    EXPECT_TRUE(
        absl::StrContains(result.out,
                          absl::StrCat("\n", schedules, " schedules in ")) ||
        absl::StartsWith(result.out, absl::StrCat(schedules, " schedules in ")))
        << result.out;
  }

  DriverUnderTest driver_;
};

TEST_F(ExploreDriverTest, ReferencePoolRunsBurstsWithoutAFinding) {
  ExpectClean("reference", "burst", 200);
}

TEST_F(ExploreDriverTest, SchedulerMeetsRendezvousWithoutAFinding) {
  ExpectClean("mpg", "rendezvous", 300);
}

TEST_F(ExploreDriverTest, PlantedSleepWithoutALookLeavesAWorkerIdle) {
  const DriverResult found = Explore("sleepy", "tiny-meeting", 20000);
  ASSERT_EQ(found.exit_code, 1) << found.out << found.err;
  const std::vector<std::string> findings = driver_.Findings();
  ASSERT_EQ(findings.size(), 1u);
  const DriverResult replayed = driver_.Run({"replay", findings[0]});
  EXPECT_EQ(replayed.exit_code, 1) << replayed.err;
  EXPECT_FALSE(replayed.out.empty());
  EXPECT_TRUE(absl::StrContains(replayed.err, "the same")) << replayed.err;
  const DriverResult shrunk =
      driver_.Run({"shrink", findings[0], "--seconds=2"});
  EXPECT_EQ(shrunk.exit_code, 0) << shrunk.err;
  EXPECT_EQ(driver_.Run({"replay", findings[0] + "/shrunk"}).exit_code, 1);
}

TEST_F(ExploreDriverTest, ResultLineSaysWhatWasSearchedAndFound) {
  Explore("reference", "burst", 200, {"--seed=7"});
  Explore("sleepy", "tiny-meeting", 20000);
  const std::vector<nlohmann::json> lines = driver_.Results();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0]["schema"], "reveille-explore/1");
  EXPECT_EQ(lines[0]["outcome"], "clean");
  EXPECT_EQ(lines[0]["seed"], 7);
  EXPECT_EQ(lines[0]["schedules"], 200);
  EXPECT_EQ(lines[0]["progress"].back()[2], lines[0]["distinct"]);
  EXPECT_EQ(lines[1]["outcome"], "finding");
  ASSERT_EQ(lines[1]["verdicts"].size(), 1u);
  const nlohmann::json& verdict = lines[1]["verdicts"][0];
  EXPECT_EQ(verdict["verdict"], "idle-worker-with-runnable-work");
  EXPECT_EQ(driver_.folder() + "/" + verdict["folder"].get<std::string>(),
            driver_.Findings()[0]);
}

TEST_F(ExploreDriverTest, ReplayTellsTheStoryEveryStepAndStopsInTheDebugger) {
  const DriverResult found = Explore("sleepy", "tiny-meeting", 20000);
  ASSERT_EQ(found.exit_code, 1) << found.out << found.err;
  const std::string finding = driver_.Findings().at(0);
  const std::string told = TextOf(finding + "/story.txt");
  // This pool keeps its state under a lock, where no look at it is visible.
  EXPECT_TRUE(absl::StrContains(told, "nobody has tried to wake it")) << told;
  EXPECT_FALSE(absl::StrContains(told, "issed")) << told;
  EXPECT_TRUE(absl::StrContains(told, "broken_pool.cc:")) << told;
  EXPECT_LE(CountLines(told), 60) << told;
  EXPECT_EQ(driver_.Run({"replay", finding}).out, told);
  const DriverResult trace = driver_.Run({"replay", finding, "--trace"});
  EXPECT_EQ(trace.exit_code, 1) << trace.err;
  EXPECT_EQ(trace.out, TextOf(finding + "/trace.json"));
  const auto events = nlohmann::json::parse(trace.out).at("traceEvents");
  const auto verdict = nlohmann::json::parse(TextOf(finding + "/verdict.json"));
  size_t steps = 0;
  for (const nlohmann::json& event : events) steps += event.at("ph") == "X";
  EXPECT_GE(steps, verdict.at("steps").get<size_t>());
  if (std::system("gdb --version >/dev/null 2>&1") != 0) return;
  const DriverResult debugged = driver_.Run({"replay", finding, "--gdb"});
  EXPECT_TRUE(absl::StrContains(debugged.out, "received signal SIGTRAP"))
      << debugged.out << debugged.err;
  EXPECT_TRUE(absl::StrContains(debugged.out, "reveille::explore::End"))
      << debugged.out;
}

TEST_F(ExploreDriverTest, ScheduleOfAnotherBuildIsFollowedOnlyOnDemand) {
  const DriverResult strict = driver_.Run({"replay", REVEILLE_OLD_SCHEDULE});
  EXPECT_EQ(strict.exit_code, 2);
  EXPECT_TRUE(absl::StrContains(strict.err, "another build")) << strict.err;
  const DriverResult followed =
      driver_.Run({"replay", "--any-build", REVEILLE_OLD_SCHEDULE});
  EXPECT_EQ(followed.exit_code, 0) << followed.out << followed.err;
}

TEST_F(ExploreDriverTest, FollowingAPlantedBugFindsIt) {
  ASSERT_EQ(Explore("short", "tiny-meeting", 1000).exit_code, 1);
  const DriverResult followed =
      driver_.Run({"replay", "--any-build", driver_.Findings()[0]});
  EXPECT_EQ(followed.exit_code, 1) << followed.out << followed.err;
  EXPECT_TRUE(absl::StrContains(followed.out, "\n0 choices"));
}

TEST_F(ExploreDriverTest, PlantedMissingWorkerIsSeenByCountingTasks) {
  const DriverResult found = Explore("short", "tiny-meeting", 1000);
  EXPECT_EQ(found.exit_code, 1) << found.out << found.err;
  EXPECT_TRUE(absl::StartsWith(found.out,
                               "finding idle-worker-with-runnable-work: 1 "
                               "tasks submitted and not begun"))
      << found.out;
}

TEST_F(ExploreDriverTest, SameSeedGivesTheSameSearch) {
  const auto numbers = [](const std::string& line) {
    return line.substr(line.find("about "));
  };
  const std::string first = Explore("reference", "burst", 100).out;
  ASSERT_TRUE(absl::StrContains(first, "about ")) << first;
  EXPECT_EQ(numbers(first), numbers(Explore("reference", "burst", 100).out));
}

TEST_F(ExploreDriverTest, BadUsageIsOneLineAndExitCodeTwo) {
  const std::vector<std::string> cases[] = {
      {"explore"},
      {"explore", "--pool=nope", "--scenario=burst"},
      {"explore", "--pool=reference", "--scenario=nope"},
      {"explore", "--scenario=burst", "--strategy=nope"},
      {"explore", "--scenario=burst", "--duration=abc"},
      {"explore", "--scenario=burst", "--mutant=no-such-bug"},
      {"replay", "/nonexistent"},
      {"shrink", "/nonexistent"},
  };
  for (const auto& arguments : cases) {
    const DriverResult result = driver_.Run(arguments);
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_EQ(CountLines(result.err), 1) << result.err;
  }
}

TEST_F(ExploreDriverTest, WhatThePoolLacksIsOneLineAndNoFinding) {
  const DriverResult result = Explore("sleepy", "giveway", 100);
  EXPECT_EQ(result.exit_code, 3) << result.out;
  EXPECT_EQ(CountLines(result.err), 1) << result.err;
  EXPECT_TRUE(absl::StrContains(result.err, "needs")) << result.err;
  EXPECT_TRUE(driver_.Findings().empty());
  EXPECT_EQ(driver_.Results().at(0)["outcome"], "skipped");
}

TEST_F(ExploreDriverTest, DamagedScheduleIsRefused) {
  const std::string path = testing::TempDir() + "/damaged_schedule";
  std::ofstream(path) << "reveille-schedule 1\nprogram 00";
  const DriverResult result = driver_.Run({"replay", path});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(CountLines(result.err), 1) << result.err;
}

}  // namespace
}  // namespace reveille::stress

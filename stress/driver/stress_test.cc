// `reveille stress` from outside, on broken pools: whatever a pool does is a
// result with an exit code, a whole line and a folder that repeats it.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "stress/report/files.h"
#include "stress/testing/run_driver.h"

namespace reveille::stress {
namespace {

std::vector<std::string> Stress(std::vector<std::string> more) {
  more.insert(more.begin(), "stress");
  return more;
}

std::vector<std::string> StressBursts(const std::string& pool,
                                      const std::string& duration) {
  return Stress({"--pool=" + pool, "--scenario=tiny-bursts", "--seed=5",
                 "--max-findings=1", "--duration=" + duration});
}

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(StressTest, SoundPoolIsCleanAndSaysHowMuchWasSearched) {
  DriverUnderTest driver;
  const DriverResult result =
      driver.Run(Stress({"--pool=sound", "--scenario=tiny-bursts,tiny-meeting",
                         "--procs=1,3", "--duration=2s", "--seed=5"}));
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_TRUE(Contains(result.out, "0 findings in ")) << result.out;
  EXPECT_TRUE(Contains(result.out, "95 % confidence")) << result.out;
  const auto lines = driver.Results();
  ASSERT_EQ(lines.size(), 4u);
  for (const auto& line : lines) {
    EXPECT_EQ(line["schema"], "reveille-run/1");
    EXPECT_EQ(line["outcome"], "clean");
    EXPECT_GT(line["rounds"], 0);
    EXPECT_GT(line["tasks_finished"], 0);
    EXPECT_GT(line["conservation_gap"]["samples"], 0);
  }
  EXPECT_TRUE(driver.Findings().empty());
}

struct Planted {
  std::string pool;
  std::string verdict;
};

class PlantedBugTest : public testing::TestWithParam<Planted> {};

TEST_P(PlantedBugTest, IsAFindingWithAllThatRepeatsIt) {
  DriverUnderTest driver;
  const std::string scenario =
      GetParam().pool == "short" ? "tiny-meeting" : "tiny-bursts";
  const DriverResult result =
      driver.Run(Stress({"--pool=" + GetParam().pool, "--scenario=" + scenario,
                         "--seed=5", "--max-findings=1", "--duration=60s"}));
  EXPECT_EQ(result.exit_code, 1) << result.out << result.err;
  EXPECT_TRUE(Contains(result.out, "FOUND " + GetParam().verdict))
      << result.out;
  const auto lines = driver.Results();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["outcome"], "finding");
  EXPECT_EQ(lines[0]["verdicts"][0]["verdict"], GetParam().verdict);
  const auto findings = driver.Findings();
  ASSERT_EQ(findings.size(), 1u);
  const auto verdict =
      nlohmann::json::parse(*ReadWhole(findings[0] + "/verdict.json"));
  EXPECT_EQ(verdict["verdict"], GetParam().verdict);
  EXPECT_EQ(verdict["signature"], lines[0]["verdicts"][0]["signature"]);
  const std::string command = *ReadWhole(findings[0] + "/command");
  EXPECT_TRUE(Contains(command, "--seed=5 --round=")) << command;
  EXPECT_TRUE(Contains(result.out, command)) << command;
}

INSTANTIATE_TEST_SUITE_P(
    All, PlantedBugTest,
    testing::Values(Planted{"sleepy", "idle-worker-with-runnable-work"},
                    Planted{"short", "idle-worker-with-runnable-work"},
                    Planted{"leaky", "counter-drift"},
                    Planted{"lossy", "deadlock"},
                    Planted{"double", "double-run"},
                    Planted{"crashing", "crash"},
                    Planted{"undying", "deadlock"}),
    [](const auto& planted) { return planted.param.pool; });

TEST(StressTest, TheCommandOfAFindingRepeatsIt) {
  DriverUnderTest first, second;
  ASSERT_EQ(first.Run(StressBursts("sleepy", "60s")).exit_code, 1);
  ASSERT_EQ(first.Findings().size(), 1u);
  const std::string command = *ReadWhole(first.Findings()[0] + "/command");
  std::vector<std::string> words =
      absl::StrSplit(command, absl::ByAnyChar(" \n"), absl::SkipEmpty());
  ASSERT_EQ(words[0], "reveille");
  words.erase(words.begin());
  EXPECT_EQ(second.Run(words).exit_code, 1);
  ASSERT_EQ(second.Findings().size(), 1u);
  EXPECT_EQ(std::filesystem::path(second.Findings()[0]).filename(),
            std::filesystem::path(first.Findings()[0]).filename());
}

TEST(StressTest, CrashNamesTheFunctionAndTheNextScenarioGoesOn) {
  DriverUnderTest driver;
  const DriverResult result = driver.Run(
      Stress({"--pool=crashing", "--scenario=tiny-bursts,tiny-meeting",
              "--max-findings=1", "--duration=2s", "--seed=5"}));
  EXPECT_EQ(result.exit_code, 1);
  const auto lines = driver.Results();
  ASSERT_GE(lines.size(), 2u);
  EXPECT_EQ(lines[0]["scenario"], "tiny-bursts");
  EXPECT_EQ(lines[0]["outcome"], "finding");
  EXPECT_EQ(lines.back()["scenario"], "tiny-meeting");
  ASSERT_FALSE(driver.Findings().empty());
  EXPECT_TRUE(
      Contains(*ReadWhole(driver.Findings()[0] + "/stderr.txt"), "RunOne"));
}

TEST(StressTest, FindingGoesOnWithTheNextRoundUpToTheLimit) {
  DriverUnderTest driver;
  const DriverResult result =
      driver.Run(Stress({"--pool=double", "--scenario=tiny-bursts",
                         "--max-findings=3", "--duration=60s", "--seed=5"}));
  EXPECT_EQ(result.exit_code, 1);
  const auto lines = driver.Results();
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_LT(lines[0]["verdicts"][0]["round"], lines[1]["verdicts"][0]["round"]);
  EXPECT_EQ(driver.Findings().size(), 1u) << "one cause, one folder";
  EXPECT_EQ(CountLines(*ReadWhole(driver.Findings()[0] + "/seen.jsonl")), 3);
}

TEST(StressTest, JsonIsAloneOnStandardOutput) {
  DriverUnderTest driver;
  const DriverResult result =
      driver.Run(Stress({"--pool=sound", "--scenario=tiny-bursts",
                         "--duration=300ms", "--seed=5", "--json"}));
  EXPECT_EQ(result.exit_code, 0);
  ASSERT_EQ(CountLines(result.out), 1) << result.out;
  EXPECT_EQ(nlohmann::json::parse(result.out), driver.Results()[0]);
}

TEST(StressTest, RoundsEndItBeforeItsTime) {
  DriverUnderTest driver;
  EXPECT_EQ(driver
                .Run(Stress({"--pool=sound", "--scenario=tiny-bursts",
                             "--duration=1h", "--rounds=20"}))
                .exit_code,
            0);
  EXPECT_EQ(driver.Results()[0]["rounds"], 20);
}

TEST(StressTest, OneRoundIsRepeated) {
  DriverUnderTest driver;
  EXPECT_EQ(driver
                .Run(Stress({"--pool=sound", "--scenario=tiny-bursts",
                             "--seed=5", "--round=77", "--duration=300ms"}))
                .exit_code,
            0);
  EXPECT_EQ(driver.Results()[0]["first_round"], 77);
  EXPECT_TRUE(driver.Results()[0]["same_round"]);
  EXPECT_GT(driver.Results()[0]["rounds"], 1);
}

TEST(StressTest, SkippedScenarioAloneIsBadUsageAndNeverClean) {
  DriverUnderTest driver;
  const DriverResult result = driver.Run(
      Stress({"--pool=sound", "--scenario=tiny-endless", "--duration=300ms"}));
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_TRUE(Contains(result.out, "lacks")) << result.out;
  EXPECT_EQ(driver.Results()[0]["outcome"], "skipped");
}

TEST(StressTest, PoolThatCannotBeMadeIsAFailureOfTheRun) {
  DriverUnderTest driver;
  const DriverResult result = driver.Run(StressBursts("unmakeable", "1s"));
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_TRUE(Contains(result.out, "no threads left")) << result.out;
  EXPECT_EQ(driver.Results()[0]["outcome"], "failed");
}

TEST(StressTest, HangThatNobodyCanJudgeIsReportedAndKilled) {
  DriverUnderTest driver;
  const DriverResult result =
      driver.Run(Stress({"--pool=sound", "--scenario=tiny-spin", "--seed=5",
                         "--duration=200ms", "--patience=500ms"}));
  EXPECT_EQ(result.exit_code, 3) << result.out;
  ASSERT_EQ(driver.Results().size(), 1u);
  EXPECT_EQ(driver.Results()[0]["outcome"], "unjudged");
  ASSERT_EQ(driver.Findings().size(), 1u);
  EXPECT_TRUE(
      Contains(*ReadWhole(driver.Findings()[0] + "/stacks.txt"), "RunForever"));
}

// Waits for its child to be under way: to have threads of its own, which it has
// after it asked the kernel to end with its parent.
void AwaitChild(const DriverUnderTest& driver) {
  const std::string parent =
      absl::StrCat("/proc/", driver.pid(), "/task/", driver.pid(), "/children");
  for (;;) {
    const std::string child(
        absl::StripAsciiWhitespace(ReadWhole(parent).value_or("")));
    std::error_code error;
    int threads = 0;
    for ([[maybe_unused]] const auto& entry :
         std::filesystem::directory_iterator("/proc/" + child + "/task",
                                             error)) {
      ++threads;
    }
    if (!child.empty() && threads > 1) return;
    std::this_thread::yield();
  }
}

class InterruptTest : public testing::TestWithParam<int> {};

TEST_P(InterruptTest, EndsWithSummaryAndWholeFiles) {
  DriverUnderTest driver;
  driver.Start(StressBursts("sound", "1h"));
  AwaitChild(driver);
  driver.Signal(GetParam());
  const DriverResult result = driver.Await();
  EXPECT_TRUE(Contains(result.out, "interrupted; 0 findings")) << result.out;
  const auto lines = driver.Results();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["outcome"], "interrupted");
  const bool searched = lines[0]["rounds"] > 0;
  EXPECT_EQ(result.exit_code, searched ? 0 : 3);
}

INSTANTIATE_TEST_SUITE_P(All, InterruptTest,
                         testing::Values(SIGINT, SIGTERM, SIGHUP));

TEST(StressTest, KilledDriverTakesItsChildAlongAndKeepsItsLine) {
  DriverUnderTest driver;
  driver.Start(StressBursts("sound", "1h"));
  AwaitChild(driver);
  driver.Signal(SIGKILL);
  EXPECT_EQ(driver.Await().exit_code, -1);
  while (driver.Results().empty()) std::this_thread::yield();
  EXPECT_EQ(driver.Results()[0]["outcome"], "interrupted");
}

TEST(StressTest, FolderThatCannotBeIsOneLine) {
  DriverUnderTest driver;
  const DriverResult result =
      driver.Run(Stress({"--pool=sound", "--out=/proc/no-such-folder/out"}));
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(CountLines(result.err), 1) << result.err;
  EXPECT_TRUE(Contains(result.err, "/proc/no-such-folder/out")) << result.err;
}

// Planted: results.jsonl cannot be written, as on a full disk.
TEST(StressTest, ResultsThatCannotBeWrittenAreSaidAndNotLost) {
  if (access("/dev/full", W_OK) != 0) GTEST_SKIP() << "no /dev/full";
  DriverUnderTest driver;
  std::filesystem::create_directories(driver.folder());
  std::filesystem::create_symlink("/dev/full", driver.results_path());
  const DriverResult result =
      driver.Run(Stress({"--pool=sound", "--scenario=tiny-bursts",
                         "--duration=300ms", "--json"}));
  EXPECT_EQ(result.exit_code, 3) << result.err;
  EXPECT_TRUE(Contains(result.err, "No space left")) << result.err;
  EXPECT_EQ(nlohmann::json::parse(result.out)["outcome"], "clean");
}

TEST(StressTest, NoColorNoEscapes) {
  DriverUnderTest driver;
  setenv("NO_COLOR", "1", 1);
  const DriverResult plain = driver.Run(StressBursts("double", "60s"));
  unsetenv("NO_COLOR");
  EXPECT_FALSE(Contains(plain.out, "\033")) << plain.out;
  setenv("CLICOLOR_FORCE", "1", 1);
  const DriverResult colored = driver.Run(StressBursts("double", "60s"));
  unsetenv("CLICOLOR_FORCE");
  EXPECT_TRUE(Contains(colored.out, "\033[1;31mFOUND")) << colored.out;
}

}  // namespace
}  // namespace reveille::stress

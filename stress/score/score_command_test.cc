// `reveille score` from outside, with programs that are made up: what they are
// to say lies in files beside them, by the name of the mutant or the pool.
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "stress/report/files.h"
#include "stress/testing/run_driver.h"

namespace reveille::stress {
namespace {

constexpr const char* kProgram = R"(#!/bin/sh
here=$(dirname "$0")
[ "$1" = list ] && exec cat "$here/$2.json"
[ "$1" = replay ] && exit 1
for word; do
  case $word in
    --out=*) out=${word#*=} ;;
    --pool=*) pool=${word#*=} ;;
    --mutant=*) mutant=${word#*=} ;;
    --scenario=*) scenario=${word#*=} ;;
  esac
done
name=${mutant:-$pool}
echo "$name $*" >> "$here/calls"
set -- $(cat "$here/play-$name" 2> /dev/null || echo clean)
say() { echo "{\"outcome\":\"$1\",\"schedules\":100,\"rounds\":10,\"verdicts\":[$2]}" >> "$out/results.jsonl"; }
case $1 in
  found)
    if [ "${3:-$scenario}" != "$scenario" ]; then say clean; exit 0; fi
    mkdir "$out/finding-1"
    say finding "{\"verdict\":\"$2\",\"what\":\"w\",\"folder\":\"finding-1\",\"execution\":9,\"seconds\":0.01,\"preemptions\":1,\"fewest_preemptions\":true}"
    exit 1 ;;
  clean) say clean ;;
  skipped) say skipped; exit 2 ;;
  broken) echo "no luck" >&2; exit 3 ;;
  slow) echo $$ >> "$here/pids"; exec sleep 100 ;;
esac
)";

class ScoreCommandTest : public testing::Test {
 protected:
  ScoreCommandTest() {
    base_ = testing::TempDir() + "/score_test.XXXXXX";
    if (mkdtemp(base_.data()) == nullptr) abort();
    std::filesystem::create_directories(bin());
    for (const char* name : {"reveille", "reveille_explore"}) {
      EXPECT_TRUE(WriteWhole(bin() + "/" + name, kProgram, true).ok());
    }
    Write("mutants.json",
          R"j([{"name":"easy","expect":"deadlock (explore)"},)j"
          R"j({"name":"memory","expect":"deadlock; none by explore"}])j");
    Write("zoo.json",
          R"j([{"name":"ape","pool":"zoo-ape","expect":"livelock"}])j");
    Write("scenarios.json", R"j([{"name":"burst"},{"name":"mix"}])j");
    for (const char* mutant : {"easy", "memory"}) Build(mutant);
    Play("easy", "found deadlock");
    Play("zoo-ape", "found livelock");
  }
  ~ScoreCommandTest() override { std::filesystem::remove_all(base_); }

  std::string bin() const { return base_ + "/bin"; }
  std::string out() const { return base_ + "/score"; }
  void Write(const std::string& name, const std::string& text) {
    EXPECT_TRUE(WriteWhole(bin() + "/" + name, text).ok());
  }
  void Play(const std::string& name, const std::string& play) {
    Write("play-" + name, play);
  }
  void Build(const std::string& mutant) {
    const std::string folder = bin() + "/mutants/" + mutant;
    std::filesystem::create_directories(folder);
    for (const char* name : {"reveille", "reveille_explore"}) {
      std::filesystem::create_symlink(bin() + "/" + name, folder + "/" + name);
    }
  }
  // What `more` does not say itself.
  std::vector<std::string> Words(const std::vector<std::string>& more) const {
    std::vector<std::string> words = {"score", "--bin=" + bin(),
                                      "--out=" + out()};
    for (const std::string flag :
         {"--budget=100ms", "--trials=2", "--replays=2"}) {
      const std::string name = flag.substr(0, flag.find('=') + 1);
      if (std::none_of(more.begin(), more.end(), [&name](const auto& word) {
            return word.find(name) == 0;
          })) {
        words.push_back(flag);
      }
    }
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  DriverResult Score(const std::vector<std::string>& more = {}) {
    return driver_.Run(Words(more));
  }
  nlohmann::json Json() const {
    return nlohmann::json::parse(
        ReadWhole(out() + "/score.json").value_or("null"), nullptr, false);
  }
  nlohmann::json CellOf(const std::string& bug) const {
    const nlohmann::json score = Json();
    for (const nlohmann::json& cell : score["cells"]) {
      if (cell["bug"] == bug) return cell;
    }
    return nullptr;
  }
  int Calls(const std::string& word) const {
    int count = 0;
    std::ifstream in(bin() + "/calls");
    for (std::string line; std::getline(in, line);) {
      if (line.find(word) != std::string::npos) ++count;
    }
    return count;
  }
  std::string Page() const {
    return ReadWhole(out() + "/score.md").value_or("");
  }

  DriverUnderTest driver_;
  std::string base_;
};

TEST_F(ScoreCommandTest, AllFoundAndCleanIsExitCodeZero) {
  const DriverResult result = Score({"--zoo"});
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_EQ(Json()["schema"], "reveille-score/1");
  EXPECT_EQ(Json()["complete"], true);
  const nlohmann::json easy = CellOf("easy");
  EXPECT_EQ(easy["found"], 2);
  EXPECT_EQ(easy["trials"], 2);
  EXPECT_EQ(easy["right_verdict"], 2);
  EXPECT_EQ(easy["median_schedules"], 10);
  EXPECT_EQ(easy["median_seconds"], 0.01);
  EXPECT_EQ(easy["preemptions"], 1);
  EXPECT_EQ(easy["replays"]["same"], 2);
  EXPECT_EQ(easy["expected"], true);
  EXPECT_EQ(CellOf("ape")["group"], "zoo");
  EXPECT_EQ(CellOf("ape-fixed")["expected"], false);
  EXPECT_EQ(CellOf("product")["found"], 0);
  EXPECT_TRUE(std::filesystem::exists(
      out() + "/findings/mutants.easy.explore-portfolio.bare.0"));
  EXPECT_NE(Page().find("| mutants | easy | 2/2 0.010 s |"), std::string::npos)
      << Page();
}

TEST_F(ScoreCommandTest, BugThatNoneShouldFindIsSaidToBeSo) {
  EXPECT_EQ(Score().exit_code, 0);
  EXPECT_EQ(CellOf("memory")["found"], 0);
  EXPECT_EQ(CellOf("memory")["must_find"], false);
  EXPECT_NE(Page().find("0/2 (not expected)"), std::string::npos) << Page();
}

TEST_F(ScoreCommandTest, ExpectedAreThoseThatExploreShouldFind) {
  EXPECT_EQ(Score({"--mutants=expected"}).exit_code, 0);
  EXPECT_EQ(CellOf("easy")["found"], 2);
  EXPECT_TRUE(CellOf("memory").is_null());
}

TEST_F(ScoreCommandTest, MissedBugIsExitCodeOne) {
  Play("easy", "clean");
  const DriverResult result = Score({"--mutants=easy"});
  EXPECT_EQ(result.exit_code, 1) << result.out;
  EXPECT_NE(result.out.find("missed-bug: mutants/easy"), std::string::npos);
  ASSERT_EQ(Json()["shortcomings"].size(), 1u);
  EXPECT_EQ(Json()["shortcomings"][0]["verdict"], "missed-bug");
  const auto line = nlohmann::json::parse(
      ReadWhole(out() + "/results.jsonl").value_or("null"));
  EXPECT_EQ(line["outcome"], "finding");
  EXPECT_EQ(line["verdicts"][0]["signature"].get<std::string>().size(), 16u);
}

TEST_F(ScoreCommandTest, WrongVerdictIsExitCodeOne) {
  Play("easy", "found livelock");
  EXPECT_EQ(Score({"--mutants=easy"}).exit_code, 1);
  EXPECT_EQ(CellOf("easy")["found"], 2);
  EXPECT_EQ(CellOf("easy")["right_verdict"], 0);
}

TEST_F(ScoreCommandTest, FindingOnTheProductIsExitCodeOne) {
  Play("mpg", "found deadlock");
  const DriverResult result = Score({"--mutants=easy", "--lenses=explore-pct"});
  EXPECT_EQ(result.exit_code, 1) << result.out;
  EXPECT_EQ(Json()["shortcomings"][0]["verdict"], "false-alarm");
}

TEST_F(ScoreCommandTest, FindingOnATwinIsExitCodeOneAndKept) {
  Play("zoo-ape-fixed", "found livelock");
  EXPECT_EQ(Score({"--mutants=none", "--zoo=ape"}).exit_code, 1);
  EXPECT_TRUE(std::filesystem::exists(
      out() + "/findings/twins.ape-fixed.explore-portfolio.bare.0"));
}

TEST_F(ScoreCommandTest, ScenarioThatThePoolLacksIsAskedForOnce) {
  Play("easy", "skipped");
  const DriverResult result = Score({"--mutants=easy", "--clean-trials=0"});
  // It is known of the pool, by then.
  EXPECT_EQ(Calls("--scenario=mix"), 1);
  EXPECT_EQ(Calls("--scenario=burst"), 1);
  EXPECT_EQ(result.exit_code, 3) << result.out;
}

TEST_F(ScoreCommandTest, ProgramThatCannotWorkIsAFailureOfTheTool) {
  Play("easy", "broken");
  const DriverResult result = Score({"--mutants=easy", "--budget=10s"});
  EXPECT_EQ(result.exit_code, 3) << result.out;
  EXPECT_EQ(CellOf("easy")["failed_trials"], 2);
  EXPECT_NE(Page().find("no luck"), std::string::npos) << Page();
}

TEST_F(ScoreCommandTest, LensThatIsNotBuiltIsNotRunAndSaidWhy) {
  const DriverResult result =
      Score({"--mutants=easy", "--lenses=explore-portfolio,threads-tsan",
             "--tsan-bin=/nonexistent"});
  EXPECT_EQ(result.exit_code, 0) << result.out;
  ASSERT_EQ(Json()["not_run"].size(), 1u);
  EXPECT_EQ(Json()["not_run"][0]["why"], "/nonexistent/reveille is not built");
}

TEST_F(ScoreCommandTest, MutantThatIsNotBuiltIsNotRunAndSaidWhy) {
  std::filesystem::remove_all(bin() + "/mutants/memory");
  EXPECT_EQ(Score().exit_code, 0);
  EXPECT_EQ(Json()["not_run"][0]["bug"], "memory");
}

TEST_F(ScoreCommandTest, EveryBugGetsTheSameSlices) {
  Play("easy", "clean");
  Score({"--trials=1", "--clean-trials=0", "--budget=1s"});
  const auto slices = [this](const std::string& name) {
    std::vector<std::string> seeds;
    std::ifstream in(bin() + "/calls");
    for (std::string line; std::getline(in, line);) {
      if (line.find(name + " ") != 0) continue;
      const auto word = [&line](const char* flag) {
        const size_t at = line.find(flag);
        return line.substr(at, line.find(' ', at) - at);
      };
      seeds.push_back(word("--scenario=") + word("--procs=") + word("--seed="));
    }
    return seeds;
  };
  std::vector<std::string> easy = slices("easy"), memory = slices("memory");
  const size_t common = std::min(easy.size(), memory.size());
  ASSERT_GT(common, 0u);
  easy.resize(common);
  memory.resize(common);
  EXPECT_EQ(easy, memory);
}

TEST_F(ScoreCommandTest, BudgetOfSchedulesIsUsedUpToTheLast) {
  Play("easy", "clean");
  const DriverResult result = Score(
      {"--mutants=easy", "--schedules=250", "--trials=1", "--clean-trials=0"});
  EXPECT_EQ(result.exit_code, 1) << result.out << result.err;
  // The programs here always say 100.
  EXPECT_EQ(CellOf("easy")["each"][0]["searched"], 300);
  EXPECT_EQ(Calls("--schedules=250"), 1);
  EXPECT_EQ(Calls("--schedules=150"), 1);
  EXPECT_EQ(Calls("--schedules=50 "), 1);
  EXPECT_EQ(Calls("--cpu-time"), 0);
}

TEST_F(ScoreCommandTest, InterruptedScoreIsWholeAndResumedWhereItWas) {
  Play("memory", "slow");
  driver_.Start(Words({"--trials=1", "--clean-trials=0"}));
  for (int i = 0; i < 6000 && !std::filesystem::exists(bin() + "/pids"); ++i) {
    usleep(10'000);
  }
  driver_.Signal(SIGINT);
  const DriverResult interrupted = driver_.Await();
  EXPECT_EQ(interrupted.exit_code, 3) << interrupted.out << interrupted.err;
  EXPECT_EQ(Json()["complete"], false);
  EXPECT_EQ(CellOf("easy")["found"], 1);
  int pid = 0;
  std::ifstream(bin() + "/pids") >> pid;
  EXPECT_EQ(kill(pid, 0), -1) << "left behind: " << pid;

  Play("memory", "clean");
  const int before = Calls("--mutant=easy");
  const DriverResult resumed =
      driver_.Run({"score", "--bin=" + bin(), "--out=" + out(), "--resume"});
  EXPECT_EQ(resumed.exit_code, 0) << resumed.out << resumed.err;
  EXPECT_EQ(Calls("--mutant=easy"), before);
  EXPECT_EQ(Json()["complete"], true);
  EXPECT_EQ(Json()["options"]["trials"], 1);
  EXPECT_EQ(CellOf("memory")["trials"], 1);
  for (const auto& entry : std::filesystem::directory_iterator(out())) {
    EXPECT_EQ(entry.path().filename().string().find(".scratch"),
              std::string::npos);
  }
}

TEST_F(ScoreCommandTest, LineThatWasCutIsATrialToBeDoneAgain) {
  EXPECT_EQ(Score({"--mutants=easy"}).exit_code, 0);
  const std::string path = out() + "/trials.jsonl";
  const std::string text = ReadWhole(path).value_or("");
  std::filesystem::resize_file(path, text.size() - 20);
  EXPECT_EQ(Score({"--resume"}).exit_code, 0);
  EXPECT_EQ(Json()["complete"], true);
}

TEST_F(ScoreCommandTest, BadUsageIsOneLineAndLeavesNothing) {
  for (const std::vector<std::string>& more :
       std::vector<std::vector<std::string>>{
           {"--mutants=nope"},
           {"--zoo=nope"},
           {"--lenses=nope"},
           {"--mutants=none"},
           {"--budget=soon"},
           {"--trials=0"},
           {"--rescuers=maybe"},
           {"--schedules=some"},
           {"--schedules=9", "--lenses=plain"},
           {"--resume"}}) {
    const DriverResult result = Score(more);
    EXPECT_EQ(result.exit_code, 2) << more[0] << result.err;
    EXPECT_EQ(CountLines(result.err), 1) << result.err;
    EXPECT_FALSE(std::filesystem::exists(out())) << more[0];
  }
}

TEST_F(ScoreCommandTest, TableComesFromTheScoreAlone) {
  ASSERT_EQ(Score({"--zoo"}).exit_code, 0);
  const std::string score = "--markdown=" + out() + "/score.json";
  const DriverResult shown = driver_.Run({"score", score});
  EXPECT_EQ(shown.exit_code, 0) << shown.err;
  EXPECT_NE(shown.out.find(
                "| mutants | `easy` | 2/2 | 0.0 | 10 | 1 | 2/2 | deadlock | "),
            std::string::npos)
      << shown.out;
  EXPECT_NE(shown.out.find("Where there is no bug (2 pools): 0 findings in "),
            std::string::npos)
      << shown.out;
  const std::string page = base_ + "/page.md";
  ASSERT_TRUE(
      WriteWhole(page, "a\n<!-- score: begin -->\nold\n<!-- score: end -->\nb")
          .ok());
  EXPECT_EQ(driver_.Run({"score", score, "--into=" + page}).exit_code, 0);
  EXPECT_EQ(
      ReadWhole(page).value_or(""),
      "a\n<!-- score: begin -->\n\n" + shown.out + "\n<!-- score: end -->\nb");
}

// One table of all lenses, and the details of the judge alone.
TEST_F(ScoreCommandTest, TableOfSeveralScoresHasAColumnForEachLens) {
  ASSERT_EQ(Score({"--mutants=easy"}).exit_code, 0);
  const std::string plain = base_ + "/plain";
  ASSERT_EQ(driver_
                .Run({"score", "--out=" + plain, "--lenses=plain",
                      "--mutants=easy,memory", "--trials=1", "--budget=100ms",
                      "--bin=" + bin()})
                .exit_code,
            0);
  const DriverResult shown =
      driver_.Run({"score", "--markdown=" + out() + "/score.json," + plain +
                                "/score.json"});
  EXPECT_EQ(shown.exit_code, 0) << shown.err;
  EXPECT_NE(shown.out.find("| | bug | explore-portfolio, rescuers off | plain, "
                           "rescuers off |"),
            std::string::npos)
      << shown.out;
  EXPECT_NE(shown.out.find("| mutants | `memory` | not run | "),
            std::string::npos)
      << shown.out;
  EXPECT_EQ(shown.out.find("**plain"), std::string::npos) << shown.out;
}

TEST_F(ScoreCommandTest, NoTableFromAnythingElse) {
  const std::string page = base_ + "/page.md";
  ASSERT_TRUE(WriteWhole(page, "no marks").ok());
  for (const std::vector<std::string>& more :
       std::vector<std::vector<std::string>>{{"--markdown=" + page},
                                             {"--markdown=/nonexistent"},
                                             {"--into=" + page}}) {
    const DriverResult result = driver_.Run(Words(more));
    EXPECT_EQ(result.exit_code, 2) << more[0] << result.err;
    EXPECT_EQ(CountLines(result.err), 1) << result.err;
  }
  ASSERT_EQ(Score({"--mutants=easy"}).exit_code, 0);
  EXPECT_EQ(driver_
                .Run({"score", "--markdown=" + out() + "/score.json",
                      "--into=" + page})
                .exit_code,
            2);
}

TEST_F(ScoreCommandTest, SecondScoreInAFolderIsRefused) {
  EXPECT_EQ(Score({"--mutants=easy"}).exit_code, 0);
  const DriverResult again = Score({"--mutants=easy"});
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_NE(again.err.find("--resume"), std::string::npos) << again.err;
}

}  // namespace
}  // namespace reveille::stress

// The lens `fuzz`: what is taken from the words of a fuzzing engine; then
// `reveille score` from outside, with an engine that is made up.
#include "stress/score/fuzz_lens.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "nlohmann/json.hpp"
#include "stress/report/files.h"
#include "stress/testing/run_driver.h"

namespace reveille::stress {
namespace {

constexpr const char* kSaid =
    "#2\tINITED cov: 9\n"
    "schedule_fuzz: deadlock: thread 0 waits: for ever (reveille replay FILE "
    "tells the story)\n"
    "==7== ERROR: libFuzzer: deadly signal\n"
    "stat::number_of_executed_units: 41\n";

class Folder {
 public:
  Folder() {
    path_ = testing::TempDir() + "/fuzz_lens_test.XXXXXX";
    if (mkdtemp(path_.data()) == nullptr) abort();
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }
  void Write(const std::string& name, const std::string& text,
             bool executable = false) const {
    const std::string path = path_ + "/" + name;
    const auto parent = std::filesystem::path(path).parent_path();
    std::filesystem::create_directories(parent);
    EXPECT_TRUE(WriteWhole(path, text, executable).ok()) << path;
  }
  std::string Read(const std::string& name) const {
    return ReadWhole(path_ + "/" + name).value_or("");
  }

 private:
  std::string path_;
};

TEST(FuzzSliceTest, DeathWithAnInputIsFoundAsItsVerdictSays) {
  const Folder folder;
  folder.Write("finding/crash-1", "bytes");
  const SliceResult result = ReadFuzzSlice(kSaid, false, 1.5, folder.path());
  EXPECT_TRUE(result.found);
  EXPECT_EQ(result.verdict, "deadlock");
  EXPECT_EQ(result.what, "thread 0 waits: for ever");
  EXPECT_EQ(result.searched, 41u);
  EXPECT_EQ(result.seconds, 1.5);
  EXPECT_EQ(result.lasted, 1.5);
  EXPECT_EQ(FuzzInputIn(folder.path() + "/" + result.folder),
            folder.path() + "/finding/crash-1");
}

TEST(FuzzSliceTest, DeathThatNoJudgeSawIsFoundTooAndALimitIsNoCrash) {
  const Folder folder;
  folder.Write("finding/timeout-1", "bytes");
  const auto verdict = [&folder](const char* said) {
    return ReadFuzzSlice(said, false, 1, folder.path()).verdict;
  };
  EXPECT_EQ(verdict("==7== ERROR: libFuzzer: deadly signal\n"), "crash");
  EXPECT_EQ(verdict("==7== ERROR: libFuzzer: timeout after 20 s\n"), "limit");
}

TEST(FuzzSliceTest, WithoutAnInputNothingIsFound) {
  const Folder folder;
  folder.Write("finding/slow-unit-1", "bytes");
  const SliceResult died = ReadFuzzSlice(kSaid, false, 1, folder.path());
  EXPECT_FALSE(died.found);
  EXPECT_FALSE(died.failure.empty());
  const SliceResult ended = ReadFuzzSlice("stat::number_of_executed_units: 8\n",
                                          true, 1, folder.path());
  EXPECT_FALSE(ended.found);
  EXPECT_TRUE(ended.failure.empty());
  EXPECT_EQ(ended.searched, 8u);
}

TEST(FuzzShrinkTest, SaysHowManyPreemptionsAreNeeded) {
  const auto most = ReadFuzzShrink("3 choices (9 before), needs at most 2 p");
  ASSERT_TRUE(most.has_value());
  EXPECT_EQ(most->needed, 2);
  EXPECT_FALSE(most->fewest);
  const auto fewest = ReadFuzzShrink("3 choices (9 before), needs 0 p: out");
  ASSERT_TRUE(fewest.has_value());
  EXPECT_EQ(fewest->needed, 0);
  EXPECT_TRUE(fewest->fewest);
  EXPECT_FALSE(ReadFuzzShrink("clean, there is nothing to shrink").has_value());
  EXPECT_FALSE(ReadFuzzShrink("3 choices, needs luck").has_value());
}

TEST(FuzzLensTest, ProgramsMayHaveTheRescuersOnByThemselves) {
  Subject bug;
  bug.expect = {"deadlock"};
  EXPECT_TRUE(IsRightUnder(*FindLens("fuzz"), bug, "rescued", false));
  EXPECT_FALSE(
      IsRightUnder(*FindLens("explore-portfolio"), bug, "rescued", false));
}

// $here/play says what comes of it.
constexpr const char* kEngine = R"sh(#!/bin/sh
here=$(dirname "$0")
echo "$0 $*" >> "$here/calls"
for word; do
  case $word in -artifact_prefix=*) prefix=${word#*=} ;; esac
done
ended() { echo "stat::number_of_executed_units: 7"; exit "$1"; }
case $(cat "$here/play") in
  found)
    echo bytes > "${prefix}crash-1"
    echo "schedule_fuzz: deadlock: all wait (reveille replay FILE)"
    ended 77 ;;
  clean)
    trap 'ended 72' INT
    while :; do :; done ;;
  runs) ended 0 ;;
  broken) echo "no luck" >&2; exit 1 ;;
esac
)sh";
constexpr const char* kTeller = R"sh(#!/bin/sh
here=$(dirname "$0")
echo "$0 $*" >> "$here/calls"
case $1 in
  seeds) mkdir -p "$2"; echo seed > "$2/one" ;;
  replay) [ -f "$2" ] && exit 1 ;;
  shrink) echo "3 choices (9 before), needs at most 2 preemptions: x" ;;
esac
)sh";
constexpr const char* kDriver = R"sh(#!/bin/sh
exec cat "$(dirname "$0")/$2.json"
)sh";

class FuzzScoreTest : public testing::Test {
 protected:
  FuzzScoreTest() {
    base_.Write("bin/reveille", kDriver, true);
    base_.Write("bin/mutants.json",
                R"j([{"name":"easy","expect":"deadlock (explore)"}])j");
    base_.Write("bin/zoo.json",
                R"j([{"name":"ape","pool":"zoo-ape","expect":"livelock"},)j"
                R"j({"name":"bee","pool":"zoo-bee","expect":"livelock"}])j");
    base_.Write("bin/scenarios.json", R"j([{"name":"burst"}])j");
    base_.Write("bin/schedule_fuzz.options",
                "[other]\nrunes = 9\n[libfuzzer]\n# why\nmax_len = 128\n");
    for (const char* folder : {"bin", "bin/mutants/easy"}) {
      base_.Write(absl::StrCat(folder, "/schedule_fuzz"), kEngine, true);
      base_.Write(absl::StrCat(folder, "/reveille_fuzz"), kTeller, true);
    }
    Play("clean", "found");
  }
  void Play(const char* product, const char* easy) {
    base_.Write("bin/play", product);
    base_.Write("bin/mutants/easy/play", easy);
  }
  DriverResult Score(const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {
        "score",          "--bin=" + base_.path() + "/bin",
        "--out=" + out(), "--lenses=fuzz",
        "--mutants=all",  "--replays=2"};
    words.insert(words.end(), more.begin(), more.end());
    return driver_.Run(words);
  }
  DriverResult ShortScore(std::vector<std::string> more = {}) {
    more.insert(more.end(), {"--trials=1", "--budget=200ms"});
    return Score(more);
  }
  std::string out() const { return base_.path() + "/score"; }
  nlohmann::json Json() const {
    return nlohmann::json::parse(base_.Read("score/score.json"), nullptr,
                                 false);
  }
  nlohmann::json CellOf(const std::string& bug) const {
    const nlohmann::json score = Json();
    for (const nlohmann::json& cell : score["cells"]) {
      if (cell["bug"] == bug) return cell;
    }
    return nullptr;
  }
  // The calls of that program with that word.
  std::vector<std::string> Calls(const std::string& folder,
                                 const std::string& word) const {
    std::vector<std::string> calls;
    const std::string text = base_.Read(folder + "/calls");
    for (const absl::string_view line : absl::StrSplit(text, '\n')) {
      if (absl::StrContains(line, word)) calls.emplace_back(line);
    }
    return calls;
  }

  Folder base_;
  DriverUnderTest driver_;
};

TEST_F(FuzzScoreTest, FindingIsKeptShrunkRepeatedAndJudged) {
  const DriverResult result = ShortScore();
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  const nlohmann::json easy = CellOf("easy");
  EXPECT_EQ(easy["found"], 1);
  EXPECT_EQ(easy["right_verdict"], 1);
  EXPECT_EQ(easy["median_schedules"], 7);
  EXPECT_LT(easy["median_seconds"], 10);
  EXPECT_EQ(easy["preemptions"], 2);
  EXPECT_EQ(easy["replays"]["same"], 2);
  EXPECT_EQ(easy["places"]["program"], 1);
  EXPECT_EQ(easy["must_find"], false);
  EXPECT_TRUE(std::filesystem::exists(
      out() + "/findings/mutants.easy.fuzz.bare.0/crash-1"));
}

TEST_F(FuzzScoreTest, ProductHasAllTheProcessorTimeAndThenIsAskedToEnd) {
  const DriverResult result = ShortScore();
  const nlohmann::json product = CellOf("product");
  EXPECT_EQ(product["found"], 0) << result.out;
  EXPECT_EQ(product["trials"], 1);
  EXPECT_EQ(product["each"][0]["searched"], 7);
  EXPECT_GE(product["each"][0]["seconds"], 0.2);
  EXPECT_EQ(Calls("bin", "schedule_fuzz").size(), 1u);
}

TEST_F(FuzzScoreTest, EngineGetsItsOptionsTheSeedsAndASeedOfItsOwn) {
  Play("runs", "found");
  ASSERT_EQ(Score({"--schedules=7", "--trials=2"}).exit_code, 0);
  const std::vector<std::string> calls =
      Calls("bin/mutants/easy", "schedule_fuzz");
  ASSERT_EQ(calls.size(), 2u);
  for (const char* word : {" -max_len=128 ", " -runs=7 ", "/score/seeds"}) {
    EXPECT_TRUE(absl::StrContains(calls[0], word)) << calls[0];
  }
  EXPECT_FALSE(absl::StrContains(calls[0], "runes")) << calls[0];
  const auto seed = [](const std::string& call) {
    return call.substr(call.find("-seed="), 16);
  };
  EXPECT_NE(seed(calls[0]), seed(calls[1]));
  EXPECT_TRUE(std::filesystem::exists(out() + "/seeds/one"));
}

TEST_F(FuzzScoreTest, FindingOnTheProductIsAFalseAlarm) {
  Play("found", "found");
  EXPECT_EQ(ShortScore().exit_code, 1);
  EXPECT_EQ(Json()["shortcomings"][0]["verdict"], "false-alarm");
}

TEST_F(FuzzScoreTest, BugThatItMissesIsMeasuredOnly) {
  Play("clean", "clean");
  EXPECT_EQ(ShortScore().exit_code, 0);
  EXPECT_EQ(CellOf("easy")["found"], 0);
  EXPECT_TRUE(Json()["shortcomings"].empty());
}

TEST_F(FuzzScoreTest, ZooIsNotRunAndThatIsSaidOnce) {
  EXPECT_EQ(ShortScore({"--zoo", "--rescuers=off,on"}).exit_code, 0);
  ASSERT_EQ(Json()["not_run"].size(), 2u) << Json()["not_run"];
  EXPECT_EQ(Json()["not_run"][0]["bug"], "");
  EXPECT_EQ(Json()["not_run"][1]["bug"], "zoo");
  EXPECT_EQ(Json()["cells"].size(), 2u);
}

TEST_F(FuzzScoreTest, WhatIsNotBuiltIsNotRun) {
  std::filesystem::remove(base_.path() + "/bin/mutants/easy/schedule_fuzz");
  EXPECT_EQ(ShortScore().exit_code, 0);
  EXPECT_EQ(Json()["not_run"][0]["bug"], "easy");
  EXPECT_TRUE(CellOf("easy").is_null());
}

TEST_F(FuzzScoreTest, EngineThatCannotWorkIsAFailureOfTheTool) {
  Play("broken", "broken");
  const DriverResult result = ShortScore();
  EXPECT_EQ(result.exit_code, 3) << result.out;
  EXPECT_TRUE(absl::StrContains(base_.Read("score/score.md"), "no luck"));
}

}  // namespace
}  // namespace reveille::stress

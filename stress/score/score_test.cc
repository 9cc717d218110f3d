// The parts of the score: what a header expects, how a trial divides its time,
// what counts as found, what the cells come to.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "stress/score/cell.h"
#include "stress/score/lens.h"
#include "stress/score/plan.h"
#include "stress/score/slice_result.h"
#include "stress/score/slices.h"
#include "stress/score/subject.h"
#include "stress/score/trial.h"

namespace reveille::stress {
namespace {

using testing::Test;

TEST(SubjectTest, ExpectationNamesItsVerdicts) {
  EXPECT_EQ(
      VerdictsNamed("counter-drift or idle-worker-with-runnable-work "
                    "(watchdog; explore: check-failed, a counter)."),
      (std::vector<std::string>{
          "counter-drift", "idle-worker-with-runnable-work", "check-failed"}));
  EXPECT_TRUE(VerdictsNamed("nothing of the kind").empty());
}

TEST(SubjectTest, ExploreShouldFindWhatNamesItUnlessNoneShould) {
  EXPECT_TRUE(ExploreShouldFind("deadlock (watchdog, any rescuers; explore)."));
  EXPECT_FALSE(ExploreShouldFind("lost-task (oracle at quiescence)."));
  EXPECT_FALSE(ExploreShouldFind("deadlock on hardware; explore: none."));
  EXPECT_FALSE(ExploreShouldFind("deadlock (neither explore nor TSan)."));
}

TEST(SubjectTest, LossThatNobodyCountsIsADeadlockOrALivelock) {
  Subject bug;
  bug.expect = {"idle-worker-with-runnable-work"};
  EXPECT_TRUE(IsRight(bug, "deadlock", false));
  EXPECT_TRUE(IsRight(bug, "livelock", false));
  EXPECT_FALSE(IsRight(bug, "late-timer", false));
  bug.expect = {"deadlock"};
  EXPECT_FALSE(IsRight(bug, "idle-worker-with-runnable-work", false));
  EXPECT_FALSE(IsRight(bug, "livelock", false));
}

TEST(SubjectTest, RescuedIsALossWhereTheRescuersAreOn) {
  Subject bug;
  bug.expect = {"deadlock"};
  EXPECT_TRUE(IsRight(bug, "deadlock", false));
  EXPECT_FALSE(IsRight(bug, "rescued", false));
  EXPECT_TRUE(IsRight(bug, "rescued", true));
  bug.expect = {"double-run"};
  EXPECT_FALSE(IsRight(bug, "rescued", true));
}

std::vector<Slice> Take(Slices& slices, size_t n,
                        const std::set<std::string>& skipped = {}) {
  std::vector<Slice> taken(n);
  for (Slice& slice : taken) EXPECT_TRUE(slices.Next(skipped, &slice));
  return taken;
}

TEST(SlicesTest, PassHasEveryScenarioWithOneToThreeWorkersOnce) {
  Slices slices({"a", "b"}, 1);
  std::set<std::pair<std::string, int>> seen;
  for (const Slice& slice : Take(slices, 6)) {
    const int part = slice.procs == 2 ? 1 : 2;
    EXPECT_EQ(slice.ms, Slices::kFirstMs / part);
    EXPECT_EQ(slice.schedules, Slices::kFirstSchedules / part);
    seen.insert({slice.scenario, slice.procs});
  }
  EXPECT_EQ(seen.size(), 6u);
}

TEST(SlicesTest, NextPassHasOtherSeedsAndTwiceTheTime) {
  Slices slices({"a"}, 1);
  std::set<uint64_t> seeds;
  for (const Slice& slice : Take(slices, 3)) seeds.insert(slice.seed);
  for (const Slice& slice : Take(slices, 3)) {
    EXPECT_EQ(slice.ms, (slice.procs == 2 ? 2 : 1) * Slices::kFirstMs);
    seeds.insert(slice.seed);
  }
  EXPECT_EQ(seeds.size(), 6u);
}

TEST(SlicesTest, SeedDecidesTheOrder) {
  const auto order = [](uint64_t seed) {
    Slices slices({"a", "b", "c", "d"}, seed);
    std::string text;
    for (const Slice& slice : Take(slices, 12)) {
      text += slice.scenario + std::to_string(slice.procs);
    }
    return text;
  };
  EXPECT_EQ(order(7), order(7));
  EXPECT_NE(order(7), order(8));
}

TEST(SlicesTest, SkippedScenariosGetNoTime) {
  Slices slices({"a", "b"}, 1);
  for (const Slice& slice : Take(slices, 9, {"a"})) {
    EXPECT_EQ(slice.scenario, "b");
  }
  Slice none;
  EXPECT_FALSE(slices.Next({"a", "b"}, &none));
}

SliceResult Read(const char* lens, const std::string& results) {
  return ReadSlice(*FindLens(lens), results);
}

TEST(SliceResultTest, ExploreSaysWhenAndAfterHowManySchedules) {
  const SliceResult result = Read(
      "explore-portfolio",
      R"({"outcome":"finding","schedules":99,"verdicts":[{"verdict":"deadlock",)"
      R"("what":"w","folder":"finding-1","execution":41,"seconds":0.5,)"
      R"("preemptions":2,"fewest_preemptions":true}]})"
      "\n");
  EXPECT_TRUE(result.found);
  EXPECT_EQ(result.verdict, "deadlock");
  EXPECT_EQ(result.searched, 42u);
  EXPECT_EQ(result.seconds, 0.5);
  EXPECT_EQ(result.preemptions, 2);
  EXPECT_TRUE(result.fewest_preemptions);
}

TEST(SliceResultTest, ProcessorTimeIsWhatCountsWhereItIsSaid) {
  const SliceResult result =
      Read("explore-portfolio",
           R"({"outcome":"finding","duration_s":9,"cpu_s":3,"verdicts":[)"
           R"({"verdict":"deadlock","execution":1,"seconds":8,)"
           R"("cpu_seconds":2}]})");
  EXPECT_EQ(result.lasted, 3);
  EXPECT_EQ(result.seconds, 2);
}

TEST(SliceResultTest, RoundsOfAllLinesAddUp) {
  const SliceResult result =
      Read("threads",
           "{\"outcome\":\"clean\",\"rounds\":3,\"duration_s\":1}\n"
           "{\"outcome\":\"clean\",\"rounds\":4,\"duration_s\":0.5}\n"
           "{\"outcome\":\"cle");
  EXPECT_FALSE(result.found);
  EXPECT_EQ(result.searched, 7u);
  EXPECT_EQ(result.lasted, 1.5);
  EXPECT_EQ(result.failure, "");
}

constexpr const char* kUnjudged =
    R"({"outcome":"unjudged","rounds":3,"verdicts":[{"verdict":"unjudged",)"
    R"("what":"hung"}]})";

TEST(SliceResultTest, HangIsFoundByPlainMeansOnly) {
  EXPECT_EQ(Read("plain", kUnjudged).verdict, "hang");
  EXPECT_FALSE(Read("threads", kUnjudged).found);
  EXPECT_EQ(Read("threads", kUnjudged).failure, "unjudged");
  EXPECT_FALSE(Read("tsan-alone", kUnjudged).found);
}

TEST(SliceResultTest, TsanAloneFindsWhatItReports) {
  const auto crash = [](const std::string& what) {
    return R"({"outcome":"finding","rounds":3,"verdicts":[{"verdict":"crash",)"
           R"("what":")" +
           what + "\"}]}";
  };
  EXPECT_FALSE(Read("tsan-alone", crash("signal 6 (Aborted)")).found);
  EXPECT_TRUE(
      Read("tsan-alone", crash("exit code 66, in SUMMARY: ThreadSanitizer: x"))
          .found);
}

TEST(SliceResultTest, NothingSaidIsAFailure) {
  EXPECT_EQ(Read("threads", "").failure, "no result line");
  EXPECT_TRUE(Read("threads", R"({"outcome":"skipped"})").skipped);
}

TEST(SliceResultTest, LineThatNobodyWritesIsAFailureAndFindsNothing) {
  for (const char* wrong :
       {R"("verdicts":[{}])", R"("verdicts":[{"verdict":""}])",
        R"("verdicts":{"verdict":"deadlock"})", R"("verdicts":[7])",
        R"("verdicts":[{"verdict":"deadlock","preemptions":1e300}])",
        R"("verdicts":[{"verdict":"deadlock","preemptions":-2}])",
        R"("verdicts":[{"verdict":"deadlock","execution":-1}])",
        R"("schedules":-1)", R"("duration_s":-0.5)", R"("duration_s":"1")"}) {
    const SliceResult result = Read(
        "explore-portfolio",
        absl::StrCat("{\"outcome\":\"finding\",\"schedules\":1,", wrong, "}"));
    EXPECT_FALSE(result.found) << wrong;
    EXPECT_EQ(result.failure, "a result line has a field of another type")
        << wrong;
  }
}

TEST(SliceResultTest, ErrorOfADriverBecomesOneShortLine) {
  const SliceResult result =
      Read("threads", nlohmann::json({{"outcome", "failed"},
                                      {"error", std::string(9999, '\n')}})
                          .dump());
  EXPECT_EQ(result.failure.find('\n'), std::string::npos);
  EXPECT_LT(result.failure.size(), 1000u);
}

TEST(ScoreOptionsTest, PlanGoesThereAndBack) {
  ScoreOptions options;
  options.budget_ms = 1500;
  options.rescuers = {"on", "off"};
  ScoreOptions restored;
  ASSERT_TRUE(Restore(ToJson(options), &restored).ok());
  EXPECT_EQ(ToJson(restored), ToJson(options));
}

TEST(ScoreOptionsTest, PlanThatTheCommandLineWouldRefuseIsRefused) {
  ScoreOptions options;
  options.budget_ms = 1500;
  const nlohmann::json plan = ToJson(options);
  for (const char* wrong :
       {R"({"trials":2000000000})", R"({"trials":0})", R"({"trials":1e300})",
        R"({"trials":2.5})", R"({"clean_trials":-1})", R"({"budget_s":1e300})",
        R"({"budget_s":-1})", R"({"budget_s":0})", R"({"seed":-1})",
        R"({"replays":-1})", R"({"replays":1001})", R"({"shrink_s":-1})",
        R"({"rescuers":["perhaps"]})", R"({"lenses":"plain"})",
        R"({"lenses":[1]})", R"({"zoo":null})"}) {
    nlohmann::json edited = plan;
    edited.update(nlohmann::json::parse(wrong));
    const absl::Status status = Restore(edited, &options);
    EXPECT_FALSE(status.ok()) << wrong;
    EXPECT_EQ(status.message().find('\n'), absl::string_view::npos);
  }
  EXPECT_FALSE(Restore(nlohmann::json::array(), &options).ok());
}

TEST(TrialTest, LineThatNobodyWritesIsNoTrial) {
  TrialResult trial;
  trial.found = true;
  trial.replays = 3;
  const nlohmann::json line = ToJson(trial);
  EXPECT_TRUE(TrialFromJson(line));
  for (const char* wrong :
       {R"({"trial":-1})", R"({"trial":1e300})", R"({"seconds":-1})",
        R"({"slices":-1})", R"({"slices":4294967296})", R"({"seed":-1})",
        R"({"finding":7})", R"({"finding":null})"}) {
    nlohmann::json edited = line;
    edited.update(nlohmann::json::parse(wrong));
    EXPECT_FALSE(TrialFromJson(edited)) << wrong;
  }
  for (const char* wrong :
       {R"({"procs":"2"})", R"({"preemptions":1e300})", R"({"replays":7})",
        R"({"replays":{"same":4,"of":3}})"}) {
    nlohmann::json edited = line;
    edited["finding"].update(nlohmann::json::parse(wrong));
    EXPECT_FALSE(TrialFromJson(edited)) << wrong;
  }
}

TEST(SubjectTest, EntryThatNobodyListsIsRefused) {
  for (const char* wrong : {"{}", "7", R"({"name":"","expect":""})",
                            R"({"name":1,"expect":""})", R"({"name":"a"})"}) {
    EXPECT_FALSE(MutantFrom(nlohmann::json::parse(wrong)).ok()) << wrong;
    EXPECT_FALSE(ZooBugFrom(nlohmann::json::parse(wrong)).ok()) << wrong;
  }
}

TEST(TrialTest, LineOfATrialGivesTheTrialBack) {
  TrialResult trial;
  trial.key = {"zoo", "lifo-slot", "threads", true, 3};
  trial.found = trial.right = true;
  trial.seconds = 1.5;
  trial.searched = 12;
  trial.verdict = "deadlock";
  trial.replays = 20;
  trial.same = 19;
  trial.preemptions = 2;
  const std::optional<TrialResult> read = TrialFromJson(ToJson(trial));
  ASSERT_TRUE(read);
  EXPECT_EQ(ToJson(*read), ToJson(trial));
  EXPECT_FALSE(TrialFromJson(nlohmann::json::parse("{}")));
}

class CellTest : public Test {
 protected:
  CellTest() {
    subject_.expect = {"deadlock"};
    subject_.explore_should_find = true;
    cell_.lens = FindLens("explore-portfolio");
    cell_.subject = &subject_;
  }
  void Add(bool found, double seconds, const std::string& verdict) {
    TrialResult trial;
    trial.key.number = static_cast<int>(cell_.trials.size());
    trial.found = found;
    trial.right = IsRight(subject_, verdict, false);
    trial.seconds = seconds;
    trial.searched = 10;
    trial.verdict = verdict;
    cell_.trials.push_back(trial);
  }
  std::string Wrong() {
    const auto all = ShortcomingsOf({cell_});
    return all.empty() ? "" : all[0].verdict;
  }

  Subject subject_;
  Cell cell_;
};

TEST_F(CellTest, MedianIsOverWhatWasFound) {
  Add(true, 1, "deadlock");
  Add(false, 60, "");
  Add(true, 3, "deadlock");
  EXPECT_EQ(cell_.found(), 2);
  EXPECT_EQ(cell_.MedianSeconds(), 2.0);
}

TEST_F(CellTest, BugMissedOnceIsMissed) {
  Add(true, 1, "deadlock");
  EXPECT_EQ(Wrong(), "");
  Add(false, 60, "");
  EXPECT_EQ(Wrong(), "missed-bug");
}

TEST_F(CellTest, OtherVerdictIsWrong) {
  Add(true, 1, "livelock");
  EXPECT_EQ(Wrong(), "wrong-verdict");
}

TEST_F(CellTest, LensThatIsMeasuredOnlyMayMiss) {
  Add(false, 60, "");
  cell_.lens = FindLens("explore-pct");
  EXPECT_EQ(Wrong(), "");
}

TEST_F(CellTest, BugThatNobodyExpectsMayBeMissed) {
  Add(false, 60, "");
  subject_.explore_should_find = false;
  EXPECT_EQ(Wrong(), "");
}

TEST_F(CellTest, AnythingWhereThereIsNoBugIsAFalseAlarm) {
  subject_.has_bug = false;
  cell_.lens = FindLens("plain");
  Add(false, 60, "");
  EXPECT_EQ(Wrong(), "");
  Add(true, 1, "hang");
  EXPECT_EQ(Wrong(), "false-alarm");
}

}  // namespace
}  // namespace reveille::stress

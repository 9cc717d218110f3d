#include "stress/report/finding.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "stress/report/files.h"
#include "stress/report/run_record.h"

namespace reveille::stress {
namespace {

class FindingTest : public testing::Test {
 protected:
  FindingTest()
      : out_(absl::StrCat(testing::TempDir(), "/finding_test.", getpid())) {
    std::filesystem::create_directories(out_);
  }
  ~FindingTest() override { std::filesystem::remove_all(out_); }

  static Finding Example() {
    Finding f;
    f.verdict = "deadlock";
    f.what = "3 tasks wait";
    f.abstract_state = "waiting=some";
    f.pool = "mine";
    f.scenario = "mix";
    f.request = {{"pool", "mine"}, {"mutant", ""}};
    f.command = "reveille stress --pool=mine --seed=7 --round=3";
    f.round = 3;
    f.stacks = "thread 1\n";
    return f;
  }

  const std::string out_;
};

TEST_F(FindingTest, FolderHasAllThatIsNeeded) {
  const auto folder = WriteFinding(out_, Example());
  ASSERT_TRUE(folder.ok()) << folder.status();
  const auto json =
      nlohmann::json::parse(*ReadWhole(*folder + "/verdict.json"));
  EXPECT_EQ(json["schema"], "reveille-verdict/1");
  EXPECT_EQ(json["verdict"], "deadlock");
  EXPECT_EQ(json["command"], Example().command);
  EXPECT_FALSE(json["build"]["compiler"].get<std::string>().empty());
  EXPECT_EQ(*ReadWhole(*folder + "/command"), Example().command + "\n");
  EXPECT_EQ(access((*folder + "/reproduce.sh").c_str(), X_OK), 0);
  EXPECT_TRUE(std::filesystem::exists(*folder + "/stacks.txt"));
  // A pool without a flight recorder leaves no empty file behind.
  EXPECT_FALSE(std::filesystem::exists(*folder + "/trace.json"));
}

TEST_F(FindingTest, NothingElseIsLeftBehind) {
  ASSERT_TRUE(WriteFinding(out_, Example()).ok());
  const auto entries = std::filesystem::directory_iterator(out_);
  EXPECT_EQ(std::distance(begin(entries), end(entries)), 1);
}

TEST_F(FindingTest, SameSignatureIsCountedNotOverwritten) {
  Finding again = Example();
  again.what = "5 tasks wait";
  again.round = 9;
  const auto first = WriteFinding(out_, Example());
  const auto second = WriteFinding(out_, again);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(*first, *second);
  const std::string seen = *ReadWhole(*first + "/seen.jsonl");
  EXPECT_EQ(std::count(seen.begin(), seen.end(), '\n'), 2);
  const auto json = nlohmann::json::parse(*ReadWhole(*first + "/verdict.json"));
  EXPECT_EQ(json["round"], 3);
}

TEST_F(FindingTest, SignatureTellsCausesApart) {
  const std::string signature = SignatureOf(Example());
  EXPECT_EQ(signature.size(), 12u);
  Finding other = Example();
  other.abstract_state = "waiting=none";
  EXPECT_NE(SignatureOf(other), signature);
  other = Example();
  other.scenario = "burst";
  EXPECT_NE(SignatureOf(other), signature);
  other = Example();
  other.request["mutant"] = "pre-seed";
  EXPECT_NE(SignatureOf(other), signature);
  other = Example();
  other.what = "another number of tasks";
  other.round = 99;
  EXPECT_EQ(SignatureOf(other), signature);
}

TEST_F(FindingTest, WhatAPoolSaysNeedNotBeText) {
  Finding f = Example();
  f.what = "\xff\xfe no text";
  EXPECT_TRUE(WriteFinding(out_, f).ok());
}

TEST_F(FindingTest, FolderThatCannotBeWrittenIsSaid) {
  ASSERT_TRUE(WriteWhole(out_ + "/file", "").ok());
  const auto folder = WriteFinding(out_ + "/file", Example());
  ASSERT_FALSE(folder.ok());
  EXPECT_NE(folder.status().message().find("/file/"), std::string::npos);
}

TEST(RunRecordTest, UnknownGapIsNullAndKnownGapHasItsFigures) {
  RunRecord record;
  record.request = {{"pool", "mine"}};
  EXPECT_TRUE(ToJson(record)["conservation_gap"].is_null());
  EXPECT_TRUE(ToJson(record)["wake_latency"].is_null());
  record.wakes.Add(4096, 3);
  record.watchdog.white_box = true;
  record.watchdog.samples = 10;
  record.watchdog.gap_samples = 5;
  for (int64_t i = 1; i <= 100; ++i) record.watchdog.gaps.Add(i * 1000);
  const auto json = ToJson(record);
  EXPECT_EQ(json["schema"], "reveille-run/1");
  EXPECT_EQ(json["conservation_gap"]["max_ns"], 100'000);
  EXPECT_EQ(json["conservation_gap"]["share_of_time"], 0.5);
  EXPECT_LE(json["conservation_gap"]["p50_ns"], 50'000);
  EXPECT_EQ(json["wake_latency"]["buckets"][0],
            nlohmann::json::array({4096, 3}));
}

}  // namespace
}  // namespace reveille::stress

// What schedule_fuzz is made of: inputs, the mutator, feedback, executions.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "fuzz/schedule/convert.h"
#include "fuzz/schedule/execution.h"
#include "fuzz/schedule/feedback.h"
#include "fuzz/schedule/mutator.h"
#include "fuzz/schedule/seeds.h"

namespace reveille::fuzz {
namespace {

using explore::Departure;
using explore::Plan;
using explore::PlanBase;
using explore::Verdict;
using stress::Dice;

std::vector<uint8_t> RandomBytes(Dice& dice) {
  std::vector<uint8_t> bytes(dice.Below(2 * LongestInput()));
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(dice.Next());
  return bytes;
}

void ExpectWithinBounds(const Input& input) {
  const Program& program = input.program;
  EXPECT_GE(program.procs, 1);
  EXPECT_LE(program.procs, Program::kMostProcs);
  EXPECT_LE(program.ops.size(), Program::kMostOps);
  for (const Op& op : program.ops) {
    EXPECT_LT(static_cast<int>(op.kind), kOpKinds);
    EXPECT_GE(op.count, 1);
    EXPECT_LE(op.count, kMostCount);
    EXPECT_LE(op.variant, kMostVariant);
  }
  EXPECT_LE(input.plan.count, Plan::kMostDepartures);
  EXPECT_LT(static_cast<int>(input.plan.base), explore::kPlanBases);
}

bool SurvivesEncoding(const Input& input) {
  const std::vector<uint8_t> bytes = EncodeInput(input);
  return DecodeInput(bytes.data(), bytes.size()) == input &&
         bytes.size() <= LongestInput();
}

TEST(InputTest, EveryByteStringIsOneAndItsEncodingIsTheSameOne) {
  Dice dice(1);
  for (int i = 0; i < 20'000; ++i) {
    const std::vector<uint8_t> bytes = RandomBytes(dice);
    const Input input = DecodeInput(bytes.data(), bytes.size());
    ExpectWithinBounds(input);
    ASSERT_TRUE(SurvivesEncoding(input)) << ToText(input);
  }
}

TEST(InputTest, EveryKindOfOperationAndDepartureIsReachedAndNamed) {
  Dice dice(2);
  std::set<std::string> words;
  for (int i = 0; i < 3'000; ++i) {
    const std::vector<uint8_t> bytes = RandomBytes(dice);
    const std::string text = ToText(DecodeInput(bytes.data(), bytes.size()));
    for (int kind = 0; kind < kOpKinds; ++kind) {
      const std::string word = WordFor(static_cast<OpKind>(kind));
      if (absl::StrContains(text, ": " + word + " ")) words.insert(word);
    }
    for (const char* what : {"switch", "hold", "lower", "option", "reseed"}) {
      if (absl::StrContains(text, std::string(": ") + what)) words.insert(what);
    }
  }
  EXPECT_EQ(words.size(), static_cast<size_t>(kOpKinds + Departure::kWhats));
}

TEST(InputTest, NoBytesAreAProgramThatDoesNothing) {
  const Input input = DecodeInput(nullptr, 0);
  EXPECT_TRUE(input.program.ops.empty());
  EXPECT_EQ(Execute(input).verdict, Verdict::kClean);
}

TEST(InputTest, HexadecimalGoesThereAndBackAndOtherTextIsRefused) {
  const std::vector<uint8_t> bytes = {0x00, 0x7f, 0xff, 0x10};
  std::vector<uint8_t> back;
  ASSERT_TRUE(FromHex(ToHex(bytes), &back));
  EXPECT_EQ(back, bytes);
  for (const char* wrong : {"0", "0g", "0x00", "AB", " 1"}) {
    EXPECT_FALSE(FromHex(wrong, &back)) << wrong;
  }
}

TEST(MutatorTest, WhatItMakesIsValidAndEveryMutationIsReached) {
  const auto seeds = Seeds();
  Dice dice(3);
  uint32_t reached = 0;
  Execute(seeds[1].second);
  for (int i = 0; i < 4'000; ++i) {
    Input input = seeds[dice.Below(seeds.size())].second;
    Mutator mutator(dice.Next(), LastPlanned());
    for (int k = 0; k < 5; ++k) {
      const Input& other = seeds[dice.Below(seeds.size())].second;
      Input another = other;
      reached |= Mutator(dice.Next(), nullptr).BeginTurn(&another, nullptr);
      reached |= Mutator(dice.Next(), nullptr).GoOn(&another, nullptr);
      const Input* const second = dice.Coin() ? &another : nullptr;
      reached |= k == 0 ? mutator.BeginTurn(&input, second)
                        : mutator.GoOn(&input, second);
      ExpectWithinBounds(input);
      ASSERT_TRUE(SurvivesEncoding(input)) << ToText(input);
    }
  }
  EXPECT_EQ(reached, (uint32_t{1} << kMutations) - 1);
}

TEST(MutatorTest, TheSameSeedMakesTheSameInput) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    Input a = Seeds()[0].second;
    Input b = a;
    Mutator(seed, nullptr).BeginTurn(&a, nullptr);
    Mutator(seed, nullptr).BeginTurn(&b, nullptr);
    EXPECT_TRUE(a == b);
  }
}

TEST(MutatorTest, AProgramStaysForATurn) {
  int changed = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Input input = Seeds()[0].second;
    const Input other = Seeds()[5].second;
    Mutator mutator(seed, nullptr);
    mutator.BeginTurn(&input, &other);
    changed += input.program == Seeds()[0].second.program ? 0 : 1;
    const Program begun = input.program;
    for (int i = 0; i < 10; ++i) {
      EXPECT_NE(mutator.GoOn(&input, &other), 0u);
      EXPECT_TRUE(input.program == begun);
    }
  }
  EXPECT_GT(changed, 200);
  EXPECT_LT(changed, 295);
}

TEST(MutatorTest, DeparturesAreMostlyPutAtTheMomentsOfTheLastExecution) {
  Execute(Seeds()[1].second);
  const explore::Planned& last = *LastPlanned();
  int there = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Input input;
    Mutator(seed, &last).Apply(Mutation::kAddDeparture, &input, input);
    ASSERT_EQ(input.plan.count, 1);
    const Departure& departure = input.plan.departures[0];
    there += std::any_of(last.moments(), last.moments() + last.moment_count(),
                         [&departure](const explore::Moment& moment) {
                           return moment.thread == departure.thread &&
                                  moment.number == departure.number;
                         });
  }
  EXPECT_GT(there, 150);
  EXPECT_LT(there, 200);
}

TEST(MutatorTest, ObjectsThatAnExecutionSharedComeIntoFocus) {
  Execute(Seeds()[1].second);
  std::set<uint16_t> objects;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Input input;
    EXPECT_FALSE(Mutator(seed, nullptr).Apply(Mutation::kNewFocus, &input, {}));
    input.plan.base = PlanBase::kFocusOperations;
    EXPECT_FALSE(Mutator(seed, nullptr).Apply(Mutation::kNewFocus, &input, {}));
    ASSERT_TRUE(
        Mutator(seed, LastPlanned()).Apply(Mutation::kNewFocus, &input, {}));
    ASSERT_GT(input.plan.focus.count, 0);
    objects.insert(input.plan.focus.objects[0]);
    EXPECT_GT(input.plan.focus.left[0] + input.plan.focus.left[1], 0);
    EXPECT_TRUE(SurvivesEncoding(input)) << ToText(input);
  }
  EXPECT_GT(objects.size(), 3u);
}

TEST(MutatorTest, AFullInputStillMutates) {
  Input input;
  input.program.ops.resize(Program::kMostOps);
  input.plan.count = Plan::kMostDepartures;
  Mutator mutator(9, nullptr);
  EXPECT_FALSE(mutator.Apply(Mutation::kInsertOp, &input, input));
  EXPECT_FALSE(mutator.Apply(Mutation::kAddDeparture, &input, input));
  EXPECT_NE(mutator.BeginTurn(&input, nullptr), 0u);
  EXPECT_NE(mutator.GoOn(&input, nullptr), 0u);
  EXPECT_TRUE(SurvivesEncoding(input));
}

// What one execution of a program has shown to be shared, the plans of the
// next ones know; the first one's knows nothing yet.
TEST(MutatorTest, MeetingsAreLearntWithinATurn) {
  Input input = Seeds()[1].second;
  Mutator(1, nullptr).BeginTurn(&input, nullptr);
  EXPECT_FALSE(input.plan.only_meetings);
  Execute(input);
  int learnt = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    Input next = input;
    Mutator(seed, LastPlanned()).GoOn(&next, nullptr);
    if (!next.plan.only_meetings) continue;
    EXPECT_TRUE(SurvivesEncoding(next));
    const uint8_t* bits = next.plan.known.bits;
    learnt += std::any_of(bits, bits + explore::KnownObjects::kBytes,
                          [](uint8_t byte) { return byte != 0; });
  }
  EXPECT_GT(learnt, 20);
}

// More would be dropped by the engine.
bool IsPartOf(const std::vector<Op>& ops, const std::vector<Op>& whole) {
  size_t next = 0;
  for (const Op& op : whole) {
    if (next < ops.size() && ops[next].kind == op.kind) ++next;
  }
  return next == ops.size();
}

TEST(MutatorTest, ShrinkingOnlyTakesAway) {
  Dice dice(5);
  for (int i = 0; i < 200; ++i) {
    const std::vector<uint8_t> bytes = RandomBytes(dice);
    Input input = DecodeInput(bytes.data(), bytes.size());
    for (uint64_t seed = 0; seed < 300; ++seed) {
      const Input before = input;
      Mutator(dice.Next(), nullptr).Shrink(&input);
      ExpectWithinBounds(input);
      EXPECT_TRUE(IsPartOf(input.program.ops, before.program.ops));
      EXPECT_LE(input.plan.count, before.plan.count);
      EXPECT_LE(EncodeInput(input).size(), EncodeInput(before).size());
    }
    EXPECT_TRUE(input.program.ops.empty());
    EXPECT_EQ(input.plan.count, 0);
  }
}

TEST(MutatorTest, TheLongestInputIsNoLongerThanTheOptionsAllow) {
  std::ifstream options(REVEILLE_FUZZ_CORPUS
                        "/../../schedule/schedule_fuzz.options");
  std::string line;
  size_t most = 0;
  while (std::getline(options, line)) {
    std::sscanf(line.c_str(), "max_len = %zu", &most);
  }
  EXPECT_GE(most, LongestInput());
}

// Sums of the counters of rf, pairs and state, which has half as many.
std::vector<uint64_t> CountersOf(const char* feedback, const Input& input) {
  EXPECT_TRUE(SetFeedback(feedback).ok());
  std::memset(FeedbackCounters(), 0, FeedbackSize());
  Execute(input);
  const size_t fifth = FeedbackSize() / 5;
  const size_t ends[] = {2 * fifth, 4 * fifth, FeedbackSize()};
  std::vector<uint64_t> sums(3);
  for (size_t i = 0, part = 0; i < FeedbackSize(); ++i) {
    if (i == ends[part]) ++part;
    sums[part] += FeedbackCounters()[i];
  }
  EXPECT_TRUE(SetFeedback("none").ok());
  return sums;
}

TEST(FeedbackTest, EachKindCountsAloneAndNoneCountsNothing) {
  const Input input = Seeds()[1].second;
  const char* names[] = {"rf", "pairs", "state"};
  for (size_t wanted = 0; wanted < 3; ++wanted) {
    const std::vector<uint64_t> sums = CountersOf(names[wanted], input);
    for (size_t kind = 0; kind < 3; ++kind) {
      EXPECT_EQ(sums[kind] > 0, kind == wanted)
          << names[wanted] << " counted " << sums[kind] << " for "
          << names[kind];
    }
  }
  for (const uint64_t sum : CountersOf("none", input)) EXPECT_EQ(sum, 0u);
  for (const uint64_t sum : CountersOf(kAllFeedback, input)) EXPECT_GT(sum, 0u);
}

TEST(FeedbackTest, AnUnknownNameIsRefused) {
  const absl::Status status = SetFeedback("rf,dreams");
  EXPECT_TRUE(absl::StrContains(status.message(), "no feedback 'dreams'"))
      << status;
}

TEST(FeedbackTest, AnotherInterleavingCountsOtherwise) {
  Input input = Seeds()[1].second;
  std::set<std::vector<uint8_t>> different;
  ASSERT_TRUE(SetFeedback("pairs").ok());
  for (uint32_t seed = 0; seed < 20; ++seed) {
    input.plan.base = PlanBase::kWalk;
    input.plan.seed = seed;
    std::memset(FeedbackCounters(), 0, FeedbackSize());
    Execute(input);
    different.emplace(FeedbackCounters(), FeedbackCounters() + FeedbackSize());
  }
  ASSERT_TRUE(SetFeedback("none").ok());
  EXPECT_GT(different.size(), 15u);
}

TEST(ExecutionTest, SeedsAreCleanAndNameMoments) {
  int with_moments = 0;
  for (const auto& [name, input] : Seeds()) {
    const explore::Outcome& outcome = Execute(input);
    EXPECT_EQ(outcome.verdict, Verdict::kClean) << name << outcome.message;
    const explore::Planned& last = *LastPlanned();
    with_moments += last.moment_count() > 0 && last.moments()[0].number > 0;
  }
  EXPECT_GT(with_moments, 45);
}

TEST(ExecutionTest, ADepartureChangesTheScheduleWhereItIsAndOnlyFromThereOn) {
  Input input = Seeds()[1].second;
  input.plan.base = PlanBase::kStay;
  const uint64_t before = Execute(input).hash;
  const int count = LastPlanned()->moment_count();
  ASSERT_GT(count, 0);
  const explore::Moment moment = LastPlanned()->moments()[count / 2];
  input.plan.departures[0] = {Departure::What::kSwitch, moment.thread,
                              moment.number, 0};
  input.plan.count = 1;
  EXPECT_NE(Execute(input).hash, before);
  input.plan.departures[0].number = UINT16_MAX;
  EXPECT_EQ(Execute(input).hash, before);
}

struct Trace {
  Verdict verdict;
  uint64_t hash;
  std::vector<uint8_t> counters;
  bool operator==(const Trace&) const = default;
};

Trace TraceOf(const Input& input) {
  std::memset(FeedbackCounters(), 0, FeedbackSize());
  const explore::Outcome& outcome = Execute(input);
  return {outcome.verdict,
          outcome.hash,
          {FeedbackCounters(), FeedbackCounters() + FeedbackSize()}};
}

TEST(CorpusTest, EachInputAloneDecidesEverything) {
  ASSERT_TRUE(SetFeedback(kAllFeedback).ok());
  int inputs = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(REVEILLE_FUZZ_CORPUS)) {
    const absl::StatusOr<Input> input = LoadInput(entry.path(), false);
    ASSERT_TRUE(input.ok()) << input.status();
    const Trace first = TraceOf(*input);
    Execute(Seeds()[static_cast<size_t>(inputs) % 50].second);
    EXPECT_EQ(first.verdict, Verdict::kClean) << entry.path();
    EXPECT_TRUE(TraceOf(*input) == first) << entry.path();
    ++inputs;
  }
  ASSERT_TRUE(SetFeedback("none").ok());
  EXPECT_GE(inputs, 63);
}

// Of each kind of plan, with all that the mutator puts into one.
std::vector<Input> InputsOfAllBases(int of_each) {
  std::vector<Input> inputs;
  for (int i = 0; i < of_each * explore::kPlanBases; ++i) {
    Input input;
    Mutator drawing(static_cast<uint64_t>(i), nullptr);
    drawing.Apply(Mutation::kNewProgram, &input, input);
    drawing.Apply(Mutation::kNewSeed, &input, input);
    input.plan.base = static_cast<PlanBase>(i % explore::kPlanBases);
    Execute(input);
    input.plan.only_meetings = i % 4 != 0;
    LastPlanned()->shared_objects().AddTo(&input.plan.known);
    Mutator learnt(static_cast<uint64_t>(i), LastPlanned());
    learnt.Apply(Mutation::kNewFocus, &input, input);
    learnt.Apply(Mutation::kAddDeparture, &input, input);
    inputs.push_back(std::move(input));
  }
  return inputs;
}

std::vector<std::string> LinesOf(const std::string& command) {
  std::vector<std::string> lines;
  FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return lines;
  for (char line[256]; std::fgets(line, sizeof line, pipe) != nullptr;) {
    lines.emplace_back(absl::StripTrailingAsciiWhitespace(line));
  }
  EXPECT_EQ(pclose(pipe), 0) << command;
  return lines;
}

// Addresses of code and of globals are others there.
TEST(ExecutionTest, AnotherProgramExecutesAnInputTheSameWay) {
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) /
      absl::StrCat("inputs-", getpid());
  std::filesystem::create_directories(folder);
  std::string command = REVEILLE_FUZZ_PROGRAM " outcome";
  std::vector<std::string> here;
  const std::vector<Input> inputs = InputsOfAllBases(100);
  for (const Input& input : inputs) {
    const std::string path = folder / absl::StrCat(here.size());
    const std::vector<uint8_t> bytes = EncodeInput(input);
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    absl::StrAppend(&command, " ", path);
    here.push_back(ToText(Execute(input)));
  }
  const std::vector<std::string> there = LinesOf(command);
  ASSERT_EQ(there.size(), here.size());
  for (size_t i = 0; i < here.size(); ++i) {
    EXPECT_EQ(here[i], there[i]) << ToText(inputs[i]);
  }
  std::filesystem::remove_all(folder);
}

TEST(CorpusTest, SeedsInTheTreeAreThoseThatTheProgramWrites) {
  for (const auto& [name, input] : Seeds()) {
    const absl::StatusOr<Input> in_tree =
        LoadInput(std::string(REVEILLE_FUZZ_CORPUS) + "/" + name, false);
    ASSERT_TRUE(in_tree.ok()) << in_tree.status() << "; reveille_fuzz seeds";
    EXPECT_TRUE(*in_tree == input) << name << ": run reveille_fuzz seeds again";
  }
}

}  // namespace
}  // namespace reveille::fuzz

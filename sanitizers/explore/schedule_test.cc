// Schedules as text: there and back, and everything that can be wrong.
#include "sanitizers/explore/schedule.h"

#include <gtest/gtest.h>

#include <string>

#include "sanitizers/explore/random.h"

namespace reveille::explore {
namespace {

void FillIn(Schedule* schedule) {
  schedule->program = 0x1234;
  schedule->hash = 0x5678;
  schedule->verdict = Verdict::kDeadlock;
  schedule->limits.early_timers = 3;
  strcpy(schedule->label, "--pool=x y");
  Random random(3);
  for (int i = 0; i < 500; ++i) {
    Choice choice;
    choice.tag =
        static_cast<uint32_t>(random.OneIn(5) ? Tag::kWaiter : Tag::kThread);
    choice.value = random.Below(3);
    schedule->choices.Push(choice);
  }
}

std::string Printed(const Schedule& schedule) {
  Text text;
  PrintSchedule(schedule, &text);
  return text.c_str();
}

std::string ErrorFor(const std::string& bytes) {
  Schedule schedule;
  Text error(4096);
  if (ParseSchedule(bytes.data(), bytes.size(), &schedule, &error)) return "";
  return error.c_str();
}

TEST(Schedules, GoThereAndBack) {
  Schedule schedule;
  FillIn(&schedule);
  const std::string text = Printed(schedule);
  Schedule parsed;
  Text error(4096);
  ASSERT_TRUE(ParseSchedule(text.data(), text.size(), &parsed, &error))
      << error.c_str();
  EXPECT_EQ(Printed(parsed), text);
  EXPECT_EQ(parsed.limits.early_timers, 3);
  EXPECT_STREQ(parsed.label, "--pool=x y");
}

TEST(Schedules, EmptyOnesAreFine) {
  Schedule schedule;
  EXPECT_EQ(ErrorFor(Printed(schedule)), "");
}

TEST(Schedules, EveryTruncationIsOneClearLine) {
  Schedule schedule;
  FillIn(&schedule);
  const std::string text = Printed(schedule);
  for (size_t size = 0; size < text.size(); ++size) {
    const std::string error = ErrorFor(text.substr(0, size));
    ASSERT_NE(error, "") << size;
    ASSERT_EQ(error.find('\n'), std::string::npos);
  }
}

TEST(Schedules, EveryFlippedBitIsNoticed) {
  Schedule schedule;
  FillIn(&schedule);
  const std::string text = Printed(schedule);
  for (size_t i = 0; i < text.size(); ++i) {
    std::string damaged = text;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 7)));
    ASSERT_NE(ErrorFor(damaged), "") << i;
  }
}

TEST(Schedules, RandomBytesAreNoSchedule) {
  Random random(9);
  for (int i = 0; i < 2000; ++i) {
    std::string bytes = i % 2 == 0 ? "" : "reveille-schedule 1\nprogram ";
    const uint32_t size = random.Below(200);
    for (uint32_t k = 0; k < size; ++k) {
      bytes += static_cast<char>(random.Next());
    }
    ASSERT_NE(ErrorFor(bytes), "");
  }
}

TEST(Schedules, MoreAfterTheEndIsNoticed) {
  Schedule schedule;
  EXPECT_NE(ErrorFor(Printed(schedule) + "x\n"), "");
}

TEST(Schedules, OfAnotherProgramAreRefusedWithOneClearLine) {
  Schedule schedule;
  FillIn(&schedule);
  const std::string text = Printed(schedule);
  const std::string path = testing::TempDir() + "/schedule_of_another";
  ASSERT_TRUE(WriteFile(path.c_str(), text.data(), text.size()));
  Text error(4096);
  EXPECT_FALSE(LoadSchedule(path.c_str(), &schedule, &error));
  EXPECT_NE(strstr(error.c_str(), "another build"), nullptr) << error.c_str();
  Text missing(4096);
  EXPECT_FALSE(LoadSchedule("/nonexistent", &schedule, &missing));
  EXPECT_NE(strstr(missing.c_str(), "cannot be read"), nullptr);
}

}  // namespace
}  // namespace reveille::explore

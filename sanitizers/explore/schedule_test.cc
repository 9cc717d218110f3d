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

// `text` with one part of it replaced, and a checksum that fits.
std::string ErrorForEdited(std::string text, const std::string& part,
                           const std::string& other) {
  text.erase(text.rfind("end "));
  const size_t at = text.find(part);
  EXPECT_NE(at, std::string::npos) << part;
  text.replace(at, part.size(), other);
  Text sealed;
  sealed.Append(text.c_str());
  SealSchedule(&sealed);
  return ErrorFor(sealed.c_str());
}

TEST(Schedules, NumbersThatNobodyWritesAreRefused) {
  Schedule schedule;
  FillIn(&schedule);
  const std::string text = Printed(schedule);
  EXPECT_EQ(ErrorForEdited(text, "early-timers=3", "early-timers=4"), "");
  for (const char* edited :
       {"early-timers=-3", "early-timers=+3", "early-timers=03",
        "early-timers=3 ", "early-timers= 3", "early-timers=3x",
        "early-timers=99999999999", "early-timers=", "early-timer=3",
        "early-timers=18446744073709551616"}) {
    EXPECT_NE(ErrorForEdited(text, "early-timers=3", edited), "") << edited;
  }
  for (const char* plain : {"plain=2", "plain=-1"}) {
    EXPECT_NE(ErrorForEdited(text, "plain=0", plain), "") << plain;
  }
  for (const char* rounds : {"spin-rounds=-1", "spin-rounds=4294967296"}) {
    EXPECT_NE(ErrorForEdited(text, "spin-rounds=4096", rounds), "") << rounds;
  }
  for (const char* steps :
       {"max-steps=0", "max-steps=-1", "max-steps=1099511627777"}) {
    EXPECT_NE(ErrorForEdited(text, "max-steps=50000", steps), "") << steps;
  }
  EXPECT_NE(ErrorForEdited(text, "after-rescue=0\n", "after-rescue=0 \n"), "");
  for (const char* count : {"choices +500", "choices -1", "choices 5000000"}) {
    EXPECT_NE(ErrorForEdited(text, "choices 500", count), "") << count;
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

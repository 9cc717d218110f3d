#include "reveille/options.h"

#include <dirent.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "scheduler/testing.h"

namespace reveille {
namespace {

absl::Status Try(const Options& options) {
  return Scheduler::Create(options).status();
}

// An option outside its range. The name begins with the option's.
using Wrong = testing::Named<Options>;
class OptionsPlantedTest : public ::testing::TestWithParam<Wrong> {};
INSTANTIATE_TEST_SUITE_P(
    EachRange, OptionsPlantedTest,
    ::testing::Values(
        Wrong{"procsBelow", {.procs = -1}},
        Wrong{"procsAbove", {.procs = Options::kMaxProcs + 1}},
        Wrong{"max_threadsBelow", {.max_threads = 0}},
        Wrong{"max_threadsAbove", {.max_threads = Options::kMaxThreads + 1}},
        Wrong{"idle_work_limitBelow", {.idle_work_limit = -1}},
        Wrong{"idle_work_limitAbove",
              {.idle_work_limit = Options::kMaxProcs + 1}},
        Wrong{"spin_roundsBelow", {.spin_rounds = -1}},
        Wrong{"spin_roundsAbove", {.spin_rounds = Options::kMaxSpinRounds + 1}},
        Wrong{"flight_recorder_eventsBetween", {.flight_recorder_events = 3}},
        Wrong{"flight_recorder_eventsAbove",
              {.flight_recorder_events = 2 * Options::kMaxFlightEvents}}),
    testing::kByName);

TEST_P(OptionsPlantedTest, OutOfItsRangeIsNamed) {
  const absl::Status status = Try(GetParam().value);
  std::string option = GetParam().name;
  option.resize(option.find_first_of("AB"));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  EXPECT_NE(status.message().find("Options::" + option + " ="),
            std::string::npos)
      << status;
  EXPECT_NE(status.message().find("expected"), std::string::npos) << status;
}

TEST(OptionsTest, TheDefaultsAreInTheirRanges) {
  auto s = testing::Start(Options());
  EXPECT_GE(s->procs(), 1);
  EXPECT_LE(s->procs(), Options::kMaxProcs);
}

TEST(OptionsTest, TheEndsOfTheRangesAreAccepted) {
  EXPECT_TRUE(Try({.procs = 1, .max_threads = 1}).ok());
  EXPECT_TRUE(Try({.procs = 1, .max_threads = Options::kMaxThreads}).ok());
  EXPECT_TRUE(Try({.procs = 1, .idle_work_limit = Options::kMaxProcs}).ok());
  EXPECT_TRUE(Try({.procs = 1, .spin_rounds = 0}).ok());
  EXPECT_TRUE(Try({.procs = 1, .spin_rounds = Options::kMaxSpinRounds}).ok());
  EXPECT_TRUE(Try({.procs = 1, .flight_recorder_events = 1}).ok());
}

TEST(OptionsTest, ManyMorePsThanProcessorsAreAllUsable) {
  auto s = testing::Start(testing::Unrescued(Options::kMaxProcs));
  std::atomic<int> ran{0};
  for (int i = 0; i < 5000; ++i) {
    ASSERT_TRUE(s->Spawn([&] { ran.fetch_add(1); }).ok());
  }
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_EQ(ran.load(), 5000);
  EXPECT_EQ(s->GetStats().ps.size(), size_t{Options::kMaxProcs});
}

TEST(OptionsTest, SpinningLongLosesNoWork) {
  Options options = testing::Unrescued(2);
  options.spin_rounds = 10'000;
  auto s = testing::Start(options);
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(s->Spawn([] {}).ok());
    ASSERT_TRUE(s->Drain().ok());
  }
}

TEST(OptionsTest, NotSpinningAtAllLosesNoWork) {
  Options options = testing::Unrescued(2);
  options.spin_rounds = 0;
  auto s = testing::Start(options);
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(s->Spawn([] {}).ok());
    ASSERT_TRUE(s->Drain().ok());
  }
}

TEST(OptionsTest, TheThreadsCarryTheName) {
  Options options = testing::Unrescued(1);
  options.name = "verylongname";
  auto s = testing::Start(options);
  char name[16] = {};
  ASSERT_TRUE(s->Spawn([&] {
                 pthread_getname_np(pthread_self(), name, sizeof name);
               }).ok());
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_EQ(std::string(name).substr(0, 8), "verylong");
}

// Whether a thread of this process is called so.
bool HasThreadNamed(const std::string& wanted) {
  DIR* tasks = opendir("/proc/self/task");
  if (tasks == nullptr) return false;
  bool found = false;
  while (const dirent* task = readdir(tasks)) {
    std::ifstream file("/proc/self/task/" + std::string(task->d_name) +
                       "/comm");
    std::string name;
    found |= std::getline(file, name) && name == wanted;
  }
  closedir(tasks);
  return found;
}

TEST(OptionsTest, SysmonIsThereWithAnyRescuerAndNotThereWithNone) {
  for (int rescuer = 0; rescuer < 3; ++rescuer) {
    Options options = testing::Unrescued(1);
    options.sysmon_netpoll = rescuer == 0;
    options.sysmon_retake = rescuer == 1;
    options.sysmon_preempt = rescuer == 2;
    auto s = testing::Start(options);
    testing::Await([] { return HasThreadNamed("rvl-sysmon"); });
  }
  testing::Await([] { return !HasThreadNamed("rvl-sysmon"); });
  auto s = testing::Start(testing::Unrescued(1));
  testing::Await([] { return HasThreadNamed("rvl-0"); });
  EXPECT_FALSE(HasThreadNamed("rvl-sysmon"));
}

// In a process of its own, for the limit is the process's: Create() with so
// many descriptors more than there are. Ends with 0 if it was refused as it
// should be, and left no descriptor open.
void CreateWithDescriptors(int more) {
  const int next = dup(0);
  close(next);
  const auto limit = static_cast<rlim_t>(next) + static_cast<rlim_t>(more);
  rlimit few{limit, limit};
  setrlimit(RLIMIT_NOFILE, &few);
  Options options;
  options.procs = 1;
  const absl::Status status = Try(options);
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  const bool refused = status.code() == absl::StatusCode::kResourceExhausted;
  const int now = dup(0);
  std::_Exit(refused && now == (more == 0 ? -1 : next) ? 0 : 1);
}

TEST(CreateDeathTest, WithoutDescriptorsSaysWhichLimit) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(CreateWithDescriptors(0), ::testing::ExitedWithCode(0),
              "epoll_create1.*ulimit -n");
}

TEST(CreateDeathTest, WithOneDescriptorTooFewLeaksNone) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(CreateWithDescriptors(1), ::testing::ExitedWithCode(0),
              "eventfd.*ulimit -n");
}

TEST(CreateTest, AThousandTimesLeaksNeitherThreadsNorDescriptors) {
  const int next = dup(0);
  close(next);
  for (int i = 0; i < testing::Rounds(1000); ++i) {
    auto s = testing::Start(testing::Unrescued(2));
    ASSERT_TRUE(s->Spawn([] {}).ok());
  }
  const int now = dup(0);
  close(now);
  EXPECT_EQ(now, next);
}

}  // namespace
}  // namespace reveille

// The zoo on real threads: twins keep every promise that they make, and a pool
// with a bug is a pool as long as the bug does not strike.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "stress/oracles/ticket.h"
#include "stress/scenarios/scenario_runner.h"
#include "stress/thread_sample.h"
#include "stress/zoo/bug.h"

namespace reveille::stress::zoo {
namespace {

std::unique_ptr<Pool> Make(const std::string& name, int parallelism) {
  PoolConfig config;
  config.parallelism = parallelism;
  config.rescuers = false;
  return *FindPool(name)->create(config);
}

std::vector<std::string> BugNames() {
  std::vector<std::string> names;
  for (const Bug& bug : AllBugs()) names.push_back(bug.name);
  return names;
}

std::string WithoutDashes(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

TEST(ZooTest, EveryClassOfTheTaxonomyHasABug) {
  std::set<char> classes;
  for (const Bug& bug : AllBugs()) {
    for (const char c : bug.classes) classes.insert(c);
  }
  for (char c = 'a'; c <= 'q'; ++c) EXPECT_TRUE(classes.contains(c)) << c;
}

TEST(ZooTest, EveryBugNamesItsPoolsAndItsScenario) {
  EXPECT_GE(AllBugs().size(), 20u);
  for (const Bug& bug : AllBugs()) {
    EXPECT_NE(FindPool(BuggyPool(bug)), nullptr) << bug.name;
    EXPECT_NE(FindPool(FixedPool(bug)), nullptr) << bug.name;
    EXPECT_NE(FindScenario(bug.scenario), nullptr) << bug.name;
    EXPECT_FALSE(bug.mirrors.empty()) << bug.name;
    EXPECT_FALSE(bug.expect.empty()) << bug.name;
  }
}

// Its table has a row for each bug: link, scenario and verdict.
TEST(ZooTest, ReadmeAgreesWithTheCatalogue) {
  std::ifstream file(REVEILLE_ZOO_README);
  const std::string readme{std::istreambuf_iterator<char>(file), {}};
  for (const Bug& bug : AllBugs()) {
    const size_t at = readme.find("| [`" + bug.name + "`](");
    ASSERT_NE(at, std::string::npos) << bug.name;
    const std::string row = readme.substr(at, readme.find('\n', at) - at);
    EXPECT_NE(row.find("| `" + bug.scenario + "` | `" + bug.expect + "` |"),
              std::string::npos)
        << row;
  }
}

TEST(ZooTest, BugSecondBugOfTheSameNameIsRefused) {
  EXPECT_FALSE(AddBug(AllBugs().front()));
}

class ZooBugTest : public testing::TestWithParam<std::string> {};

bool AllOthersSleep() {
  const auto threads = SampleThreads();
  return std::all_of(threads.begin(), threads.end(), [](const auto& thread) {
    return thread.tid == CurrentTid() || thread.state == 'S';
  });
}

// Until every other thread of the process sleeps in the kernel: no worker is
// between a look and a wait.
void AwaitRest() {
  while (!AllOthersSleep()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

// One worker, which is always at rest when somebody comes: no bug has a chance.
TEST_P(ZooBugTest, BuggyPoolRunsItsTasksAndEnds) {
  Judge judge(64);
  auto pool = Make("zoo-" + GetParam(), 1);
  for (int i = 0; i < 5; ++i) {
    AwaitRest();
    const uint32_t task = judge.Submitted();
    EXPECT_TRUE(pool->Submit(
        [ticket = Ticket(&judge, task)]() mutable { ticket.Run([] {}); }));
    judge.AwaitAllFinished();
  }
  AwaitRest();
  EXPECT_TRUE(pool->Shutdown(PoolClock::time_point::max()));
  EXPECT_FALSE(pool->Submit([] {}));
  judge.CheckAllOnce();
  EXPECT_FALSE(judge.failed());
}

INSTANTIATE_TEST_SUITE_P(Zoo, ZooBugTest, testing::ValuesIn(BugNames()),
                         [](const auto& test) {
                           return WithoutDashes(test.param);
                         });

class ZooTwinTest
    : public testing::TestWithParam<std::tuple<std::string, std::string>> {};

TEST_P(ZooTwinTest, FixedTwinPassesScenario) {
  const auto& [name, scenario] = GetParam();
  const std::string pool = "zoo-" + name + "-fixed";
  for (const int procs : {1, 3}) {
    ScenarioRunner runner(
        scenario, {.procs = procs, .tasks = 60, .max_batch = 8, .tiny = true},
        [&](int n) { return Make(pool, n); });
    if (!runner.Missing().empty()) GTEST_SKIP() << runner.Missing();
    runner.RunUntilFailure(5);
    for (const Failure& failure : runner.judge().failures()) {
      ADD_FAILURE() << failure.verdict << ": " << failure.what;
    }
    EXPECT_EQ(runner.judge().waiting(), 0u);
  }
}

std::vector<std::string> ScenarioNames() {
  std::vector<std::string> names;
  for (const Scenario& scenario : AllScenarios()) {
    names.push_back(scenario.name);
  }
  return names;
}

INSTANTIATE_TEST_SUITE_P(Zoo, ZooTwinTest,
                         testing::Combine(testing::ValuesIn(BugNames()),
                                          testing::ValuesIn(ScenarioNames())),
                         [](const auto& test) {
                           return WithoutDashes(std::get<0>(test.param)) + "_" +
                                  std::get<1>(test.param);
                         });

}  // namespace
}  // namespace reveille::stress::zoo

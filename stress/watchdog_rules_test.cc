// The rules on made-up sightings: no threads, no time but what is written here.
#include "stress/watchdog_rules.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>

namespace reveille::stress {
namespace {

constexpr int64_t kMs = 1'000'000;

// Two workers: one runs a task and computes, one sleeps idle; a task waits.
Sighting Stranded() {
  Sighting s;
  s.in_round = true;
  s.parallelism = 2;
  s.tasks = {2, 1, 0};
  s.pool.emplace();
  s.pool->workers = 2;
  s.pool->idle = 1;
  s.pool->runnable = 1;
  s.pool->steps = {7};
  s.threads = {{100, 'S', 0}, {101, 'R', 0}, {102, 'S', 0}};
  return s;
}

// The n-th look, a millisecond after the one before; thread 101 computes.
Sighting Later(Sighting s, int n) {
  s.time_ns = s.time_ns + n * kMs;
  if (s.pool) s.pool->time_ns = s.time_ns;
  s.threads[1].cpu_ns += n * kMs;
  return s;
}

using Change = std::function<void(int n, Sighting*)>;

// The first verdict in `looks` looks at `start`, changed by `change`.
template <typename Rule>
std::string FirstVerdict(Rule rule, const Sighting& start, int looks,
                         const Change& change = {}, int ms = 1) {
  for (int n = 0; n < looks; ++n) {
    Sighting s = Later(start, n * ms);
    if (change) change(n, &s);
    if (const std::optional<Verdict> v = rule.Judge(s)) return v->verdict;
  }
  return "none";
}

std::string White(const Sighting& start, const Change& change = {}) {
  return FirstVerdict(WhiteBoxRule({}), start, 200, change);
}

std::string Black(Sighting start, const Change& change = {}) {
  start.pool.reset();
  return FirstVerdict(BlackBoxRule({}), start, 200, change, 20);
}

TEST(WhiteBoxRuleTest, IdleWorkerAndRunnableWorkThatPersistIsTheBug) {
  EXPECT_EQ(White(Stranded()), "idle-worker-with-runnable-work");
}

TEST(WhiteBoxRuleTest, FewSightingsAreNoVerdict) {
  EXPECT_EQ(FirstVerdict(WhiteBoxRule({}), Stranded(), 5), "none");
}

TEST(WhiteBoxRuleTest, AStepMakesItStartOver) {
  EXPECT_EQ(White(Stranded(),
                  [](int n, Sighting* s) {
                    s->pool->steps = {static_cast<uint64_t>(n / 4)};
                  }),
            "none");
}

TEST(WhiteBoxRuleTest, AStallByChaosMakesItStartOver) {
  EXPECT_EQ(
      White(Stranded(), [](int n, Sighting* s) { s->stall_epoch = n / 4; }),
      "none");
  EXPECT_EQ(White(Stranded(), [](int, Sighting* s) { s->stalls_active = 1; }),
            "none");
}

TEST(WhiteBoxRuleTest, AThreadThatIsNotLetRunMayBeTheOneThatWakes) {
  const Change starved = [](int, Sighting* s) {
    s->threads[0].state = 'R';  // Wants to run, and gains no time.
  };
  EXPECT_EQ(White(Stranded(), starved), "none");
  const Change in_a_page_fault = [](int, Sighting* s) {
    s->threads[0].state = 'D';
  };
  EXPECT_EQ(White(Stranded(), in_a_page_fault), "none");
}

TEST(WhiteBoxRuleTest, OnceItHasRunForLongEnoughItIsNot) {
  EXPECT_EQ(White(Stranded(),
                  [](int n, Sighting* s) {
                    s->threads[0] = {100, 'R', n < 50 ? 0 : kMs};
                  }),
            "idle-worker-with-runnable-work");
}

TEST(WhiteBoxRuleTest, SomebodyInTransitionIsNoVerdict) {
  EXPECT_EQ(
      White(Stranded(), [](int, Sighting* s) { s->pool->in_transition = 1; }),
      "none");
}

TEST(WhiteBoxRuleTest, StoppedWorldIsNoVerdict) {
  EXPECT_EQ(White(Stranded(),
                  [](int, Sighting* s) { s->pool->stopping_world = true; }),
            "none");
}

TEST(WhiteBoxRuleTest, NobodyIdleOrNothingRunnableIsFine) {
  Sighting busy = Stranded();
  busy.pool->idle = 0;
  EXPECT_EQ(White(busy), "none");
  Sighting empty = Stranded();
  empty.pool->runnable = 0;
  EXPECT_EQ(White(empty), "none");
}

TEST(WhiteBoxRuleTest, SearcherThatDoesNotMoveIsADrift) {
  Sighting s = Stranded();
  s.pool->searching = 1;
  EXPECT_EQ(White(s), "counter-drift");
}

TEST(WhiteBoxRuleTest, SearcherThatComputesIsFine) {
  Sighting s = Stranded();
  s.pool->searching = 1;
  EXPECT_EQ(
      White(s, [](int n,
                  Sighting* now) { now->threads[2] = {102, 'R', n * kMs}; }),
      "none");
}

TEST(WhiteBoxRuleTest, OverdueTimerIsLateAfterTheGrace) {
  Sighting s = Stranded();
  s.pool->runnable = 0;
  s.time_ns = 1000 * kMs;
  s.pool->next_timer_ns = 995 * kMs;
  EXPECT_EQ(FirstVerdict(WhiteBoxRule({}), s, 5), "none");
  EXPECT_EQ(White(s), "late-timer");
  s.pool->next_timer_ns = 5000 * kMs;
  EXPECT_EQ(White(s), "none");
}

TEST(BlackBoxRuleTest, FreeWorkerAndWaitingTaskThatPersistIsTheBug) {
  EXPECT_EQ(Black(Stranded()), "idle-worker-with-runnable-work");
}

TEST(BlackBoxRuleTest, NoneRunningIsADeadlock) {
  Sighting s = Stranded();
  s.tasks = {2, 0, 0};
  s.threads[1].state = 'S';
  EXPECT_EQ(Black(s, [](int, Sighting* now) { now->threads[1].cpu_ns = 0; }),
            "deadlock");
}

TEST(BlackBoxRuleTest, AllWorkersRunningIsFine) {
  Sighting s = Stranded();
  s.parallelism = 1;
  EXPECT_EQ(Black(s), "none");
}

TEST(BlackBoxRuleTest, AThreadBesideTheTasksThatComputesIsFine) {
  EXPECT_EQ(Black(Stranded(),
                  [](int n, Sighting* s) {
                    s->threads[0] = {100, 'R', int64_t{n} * 20 * kMs};
                  }),
            "none");
}

TEST(BlackBoxRuleTest, ATaskThatBeginsMakesItStartOver) {
  EXPECT_EQ(Black(Stranded(),
                  [](int n, Sighting* s) {
                    s->tasks.finished = n / 8;
                    s->tasks.started = n / 8 + 1;
                    s->tasks.submitted = n / 8 + 2;
                  }),
            "none");
}

TEST(BlackBoxRuleTest, WakingByTheClockDoesNotKeepADeadPoolAlive) {
  Sighting s = Stranded();
  s.tasks = {2, 0, 0};
  s.threads[1].state = 'S';
  EXPECT_EQ(
      Black(s, [](int n,
                  Sighting* now) { now->threads[1].cpu_ns = n * kMs / 10; }),
      "deadlock");
}

TEST(BlackBoxRuleTest, AllAsleepInARunningTaskIsADeadlockOnlyAfterLong) {
  Sighting s = Stranded();
  s.tasks = {1, 1, 0};
  s.threads[1].state = 'S';
  s.pool.reset();
  const Change asleep = [](int, Sighting* now) { now->threads[1].cpu_ns = 0; };
  EXPECT_EQ(FirstVerdict(BlackBoxRule({}), s, 50, asleep, 20), "none");
  EXPECT_EQ(FirstVerdict(BlackBoxRule({}), s, 200, asleep, 20), "deadlock");
}

TEST(BlackBoxRuleTest, TaskThatComputesForLongIsNoDeadlock) {
  Sighting s = Stranded();
  s.tasks = {1, 1, 0};
  EXPECT_EQ(Black(s), "none");
}

// A task that spins while chaos goes on: there is never a baseline.
TEST(BlackBoxRuleTest, ItAsksForNoMoreStallsOnceNothingMoves) {
  BlackBoxRule rule({});
  Sighting s = Stranded();
  s.pool.reset();
  for (int n = 0; n < 40; ++n) {
    s.stall_epoch = static_cast<uint64_t>(n);
    EXPECT_FALSE(rule.Judge(Later(s, n * 20)).has_value());
    EXPECT_EQ(rule.Suspects(), n >= 5) << n;
  }
  ++s.tasks.started;
  rule.Judge(Later(s, 1000));
  EXPECT_FALSE(rule.Suspects());
}

TEST(BlackBoxRuleTest, OutsideARoundNothingIsJudged) {
  Sighting s = Stranded();
  s.in_round = false;
  EXPECT_EQ(Black(s), "none");
}

// A pool that shows its state and thinks that it is done, with a task missing.
Sighting Lost() {
  Sighting s = Stranded();
  s.tasks = {2, 1, 1};
  s.threads[1].state = 'S';
  s.pool->idle = 2;
  s.pool->runnable = 0;
  return s;
}

std::string BlackBesideWhite(const Sighting& s) {
  return FirstVerdict(
      BlackBoxRule({}), s, 200,
      [](int, Sighting* now) { now->threads[1].cpu_ns = 0; }, 20);
}

TEST(BlackBoxRuleTest, PoolThatThinksItIsDoneHasLostTheTask) {
  EXPECT_EQ(BlackBesideWhite(Lost()), "lost-task");
}

TEST(BlackBoxRuleTest, ATimerAheadIsAReasonToSleep) {
  Sighting s = Lost();
  s.pool->next_timer_ns = 1'000'000 * kMs;
  EXPECT_EQ(BlackBesideWhite(s), "none");
}

TEST(BlackBoxRuleTest, AWorkerInTransitionForEverIsADeadlock) {
  Sighting s = Lost();
  s.pool->runnable = 1;
  s.pool->in_transition = 1;
  s.pool->idle = 1;
  EXPECT_EQ(BlackBesideWhite(s), "deadlock");
}

}  // namespace
}  // namespace reveille::stress

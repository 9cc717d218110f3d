// What the judges of api_fuzz are worth: each must see what is planted here,
// and nothing in scripts that nobody chose.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <random>
#include <vector>

#include "fuzz/api/tasks.h"

namespace reveille::fuzz {
namespace {

std::vector<uint8_t> DrawnBytes(std::mt19937* random) {
  std::vector<uint8_t> bytes((*random)() % 140);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>((*random)());
  return bytes;
}

Script Decoded(const std::vector<uint8_t>& bytes) {
  Input input(bytes.data(), bytes.size());
  return DecodeScript(&input);
}

// --- Scripts -----------------------------------------------------------------

TEST(ScriptTest, NoBytesAreAScriptThatDoesNothing) {
  const Script script = Decoded({});
  EXPECT_TRUE(script.parts.empty());
  EXPECT_EQ(script.obstacle, Obstacle::kNone);
  EXPECT_TRUE(script.Patient());
}

TEST(ScriptTest, EveryByteStringIsAScriptWithinItsLimits) {
  std::mt19937 random(5);
  for (int i = 0; i < 2000; ++i) {
    const Script script = Decoded(DrawnBytes(&random));
    size_t steps = 0;
    for (const Part& part : script.parts) {
      steps += part.steps.size();
      for (const Step& step : part.steps) {
        EXPECT_LT(static_cast<uint32_t>(step.verb), kVerbs);
      }
    }
    EXPECT_LE(steps, Script::kMostSteps);
    EXPECT_LE(script.parts.size(), Script::kMostParts);
    if (script.obstacle == Obstacle::kNone) {
      EXPECT_LE(script.options.procs, 4);
      EXPECT_GE(script.options.max_threads, 1);
    }
  }
}

TEST(ScriptTest, WithAnEndWithoutADeadlineScriptsArePatient) {
  for (uint8_t end = 0; end < 8; ++end) {
    const Script script = Decoded({0, end});
    EXPECT_EQ(script.Patient(), script.ending == Ending::kDrain ||
                                    script.ending == Ending::kDrainInTask ||
                                    script.ending == Ending::kShutdown ||
                                    script.ending == Ending::kDestroy);
  }
}

// --- What is to be seen ------------------------------------------------------

TEST(CheckWakeDeathTest, AnEndThatWasNotAllowedIsSeen) {
  const Deadline later = Clock::now() + std::chrono::hours(1);
  EXPECT_DEATH(CheckWake(Wake::kReady, {.ready = false}), "never ready");
  EXPECT_DEATH(CheckWake(Wake::kTimedOut, {.deadline = later}), "has come");
  EXPECT_DEATH(CheckWake(Wake::kTimedOut, {}), "has come");
  EXPECT_DEATH(CheckWake(Wake::kCancelled, {}), "was to be");
  EXPECT_DEATH(CheckWake(Wake::kClosed, {}), "closed");
  EXPECT_DEATH(CheckWake(Wake::kBusy, {}), "busy");
  EXPECT_DEATH(CheckWake(Wake::kFailed, {}), "fail");
  EXPECT_DEATH(CheckWake(static_cast<Wake>(77), {}), "six words");
}

TEST(CheckWakeTest, AnEndThatWasAllowedIsNoFinding) {
  CheckWake(Wake::kReady, {});
  CheckWake(Wake::kTimedOut, {.deadline = Clock::now()});
  CheckWake(Wake::kCancelled, {.cancelled = true});
  CheckWake(Wake::kClosed, {.closed = true});
  CheckWake(Wake::kBusy, {.busy = true});
  CheckWake(Wake::kFailed, {.failed = true});
}

Scheduler::ShutdownReport Report(uint64_t finished, uint64_t dropped) {
  Scheduler::ShutdownReport report;
  report.finished = finished;
  report.dropped = dropped;
  return report;
}

TEST(LedgerDeathTest, AReportThatDoesNotAddUpIsSeen) {
  Ledger ledger;
  ledger.accepted = 3;
  ledger.fired = 1;
  ledger.CheckReport(Report(4, 0), /*patient=*/true);
  ledger.CheckReport(Report(2, 2), /*patient=*/false);
  EXPECT_DEATH(ledger.CheckReport(Report(3, 0), true), "as many tasks");
  EXPECT_DEATH(ledger.CheckReport(Report(5, 0), true), "as many tasks");
  EXPECT_DEATH(ledger.CheckReport(Report(1, 1), false), "accounted for");
  EXPECT_DEATH(ledger.CheckReport(Report(3, 1), true), "drops nothing");
}

TEST(LedgerDeathTest, WhatIsLeftOverIsSeen) {
  Ledger ledger;
  ledger.CheckNothingLeft();
  {
    InLedger body(&ledger);
    const InLedger copy(body);
    const InLedger moved(std::move(body));
    EXPECT_EQ(ledger.bodies.load(), 2);
    EXPECT_DEATH(ledger.CheckNothingLeft(), "destroyed once");
  }
  ledger.CheckNothingLeft();
  ledger.thrown = 1;
  EXPECT_DEATH(ledger.CheckNothingLeft(), "is reported");
}

TEST(LedgerDeathTest, APermitThatIsMadeUpOrLostIsSeen) {
  Ledger ledger;
  ledger.permits = 2;
  ledger.CheckPermits(2, /*cut_off=*/false);
  ledger.CheckPermits(1, /*cut_off=*/true);
  EXPECT_DEATH(ledger.CheckPermits(3, true), "permit once");
  EXPECT_DEATH(ledger.CheckPermits(1, false), "permit once");
}

// --- What is not -------------------------------------------------------------

TEST(RunScriptTest, EachObstacleIsReportedAsItShouldBe) {
  for (uint8_t obstacle = 1; obstacle < kObstacles; ++obstacle) {
    for (const uint8_t upwards : {0, 0x40}) {
      RunScript(
          Decoded({0, 0, static_cast<uint8_t>(0x80 | upwards | obstacle)}));
    }
  }
}

TEST(RunScriptTest, ScriptsThatNobodyChoseBreakNoPromise) {
  std::mt19937 random(23);
  for (int i = 0; i < 60; ++i) RunScript(Decoded(DrawnBytes(&random)));
}

}  // namespace
}  // namespace reveille::fuzz

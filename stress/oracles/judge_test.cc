#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "stress/oracles/oracle.h"
#include "stress/oracles/ticket.h"

namespace reveille::stress {
namespace {

void RunTask(Judge* judge, uint32_t task) {
  judge->Started(task);
  judge->Finished(task);
}

std::string OnlyVerdict(const Judge& judge) {
  const std::vector<Failure> failures = judge.failures();
  return failures.size() == 1 ? failures[0].verdict
                              : std::to_string(failures.size()) + " failures";
}

TEST(JudgeTest, TaskRunOnceIsAccepted) {
  Judge judge(4);
  RunTask(&judge, judge.Submitted());
  judge.AwaitAllFinished();
  judge.CheckAllOnce();
  EXPECT_FALSE(judge.failed());
}

TEST(JudgeTest, CountsWaitingAndRunning) {
  Judge judge(4);
  const uint32_t first = judge.Submitted();
  judge.Submitted();
  EXPECT_EQ(judge.waiting(), 2u);
  judge.Started(first);
  EXPECT_EQ(judge.waiting(), 1u);
  EXPECT_EQ(judge.running(), 1u);
  judge.Finished(first);
  EXPECT_EQ(judge.running(), 0u);
}

TEST(JudgeTest, ArmedTaskDoesNotWaitUntilItIsDue) {
  Judge judge(4);
  const uint32_t task = judge.Armed();
  EXPECT_EQ(judge.waiting(), 0u);
  EXPECT_EQ(judge.armed(), 1u);
  judge.Due(task);
  EXPECT_EQ(judge.waiting(), 1u);
  EXPECT_EQ(judge.armed(), 0u);
}

TEST(JudgeTest, ArmedTaskMayStartWithoutHavingBeenDue) {
  Judge judge(4);
  RunTask(&judge, judge.Armed());
  judge.CheckAllOnce();
  EXPECT_FALSE(judge.failed());
  EXPECT_EQ(judge.armed(), 0u);
}

TEST(JudgeTest, NumbersStartOverAfterTheCheck) {
  Judge judge(1);
  for (int round = 0; round < 3; ++round) {
    const uint32_t task = judge.Submitted();
    EXPECT_EQ(task, 0u);
    RunTask(&judge, task);
    judge.CheckAllOnce();
  }
  EXPECT_EQ(judge.submitted(), 3u);
  EXPECT_FALSE(judge.failed());
}

TEST(JudgeTest, TasksBeyondCapacityAreCounted) {
  Judge judge(1);
  for (int i = 0; i < 3; ++i) RunTask(&judge, judge.Submitted());
  RunTask(&judge, judge.Armed());
  judge.AwaitAllFinished();
  judge.CheckAllOnce();
  EXPECT_EQ(judge.finished(), 4u);
  EXPECT_FALSE(judge.failed());
}

TEST(JudgeTest, RefusedTaskIsNotAwaited) {
  Judge judge(4);
  judge.Refused(judge.Submitted());
  judge.Refused(judge.Armed());
  judge.AwaitAllFinished();
  judge.CheckAllOnce();
  EXPECT_FALSE(judge.failed());
  EXPECT_EQ(judge.submitted(), 0u);
}

TEST(JudgeTest, KeepsTheFirstFailuresAndCountsAll) {
  Judge judge(1);
  for (int i = 0; i < 100; ++i) judge.Fail("check-failed", std::to_string(i));
  EXPECT_EQ(judge.failure_count(), 100u);
  EXPECT_EQ(judge.failures().front().what, "0");
  EXPECT_LT(judge.failures().size(), 100u);
}

TEST(JudgeBugTest, SecondRunWhileTheFirstGoesOnIsADoubleRun) {
  Judge judge(4);
  const uint32_t task = judge.Submitted();
  judge.Started(task);
  judge.Started(task);
  EXPECT_EQ(OnlyVerdict(judge), "double-run");
}

TEST(JudgeBugTest, SecondRunAfterTheFirstIsADoubleRun) {
  Judge judge(4);
  const uint32_t task = judge.Submitted();
  RunTask(&judge, task);
  judge.Started(task);
  EXPECT_EQ(OnlyVerdict(judge), "double-run");
  judge.AwaitAllFinished();
}

TEST(JudgeBugTest, SecondRunEndsNoOtherTask) {
  Judge judge(4);
  const uint32_t task = judge.Submitted();
  judge.Submitted();
  RunTask(&judge, task);
  RunTask(&judge, task);
  EXPECT_EQ(judge.waiting(), 1u);
}

TEST(JudgeBugTest, RunAfterRefusalIsADoubleRun) {
  Judge judge(4);
  const uint32_t task = judge.Submitted();
  judge.Refused(task);
  judge.Started(task);
  EXPECT_EQ(OnlyVerdict(judge), "double-run");
}

TEST(JudgeBugTest, TaskThatNeverRanIsLost) {
  Judge judge(4);
  judge.Submitted();
  judge.CheckAllOnce();
  EXPECT_EQ(OnlyVerdict(judge), "lost-task");
}

TEST(JudgeBugTest, TaskThatNeverEndedIsLost) {
  Judge judge(4);
  judge.Started(judge.Submitted());
  judge.CheckAllOnce();
  EXPECT_EQ(OnlyVerdict(judge), "lost-task");
}

TEST(JudgeBugTest, DestroyedTaskIsLostAndNotAwaited) {
  Judge judge(4);
  {
    Ticket ticket(&judge, judge.Submitted());
  }
  judge.AwaitAllFinished();
  judge.CheckAllOnce();
  EXPECT_EQ(OnlyVerdict(judge), "lost-task");
}

TEST(JudgeBugTest, DestroyedTaskBeyondCapacityIsLost) {
  Judge judge(0);
  {
    Ticket ticket(&judge, judge.Submitted());
  }
  judge.AwaitAllFinished();
  judge.CheckAllOnce();
  EXPECT_EQ(OnlyVerdict(judge), "lost-task");
}

TEST(TicketTest, RefusalForgivesTheDestruction) {
  for (const uint32_t capacity : {0, 4}) {
    Judge judge(capacity);
    const uint32_t task = judge.Submitted();
    {
      Ticket ticket(&judge, task);
    }
    judge.ForgiveDrop(task);
    judge.CheckAllOnce();
    EXPECT_FALSE(judge.failed());
  }
}

TEST(TicketTest, MayBeDroppedWhereThatIsFine) {
  Judge judge(4);
  {
    Ticket ticket(&judge, judge.Submitted(), Ticket::IfDropped::kIsFine);
  }
  judge.AwaitAllFinished();
  judge.CheckAllOnce();
  EXPECT_FALSE(judge.failed());
}

TEST(TicketTest, MovesWithItsClosure) {
  Judge judge(4);
  Ticket ticket(&judge, judge.Submitted());
  Ticket moved(std::move(ticket));
  int runs = 0;
  moved.Run([&runs] { ++runs; });
  judge.CheckAllOnce();
  EXPECT_EQ(runs, 1);
  EXPECT_FALSE(judge.failed());
}

TEST(JudgeConcurrentTest, AwaitReturnsWhenTheLastTaskHasFinished) {
  constexpr int kRounds = 300;
  constexpr int kTasks = 40;
  for (int round = 0; round < kRounds; ++round) {
    auto judge = std::make_unique<Judge>(kTasks);
    int done[2] = {0, 0};
    std::vector<uint32_t> tasks;
    for (int i = 0; i < kTasks; ++i) tasks.push_back(judge->Submitted());
    std::vector<std::thread> workers;
    for (int half = 0; half < 2; ++half) {
      workers.emplace_back([&done, &tasks, half, j = judge.get()] {
        for (int i = half; i < kTasks; i += 2) {
          j->Started(tasks[i]);
          ++done[half];
          j->Finished(tasks[i]);
        }
      });
    }
    judge->AwaitAllFinished();
    EXPECT_EQ(done[0] + done[1], kTasks);
    judge->CheckAllOnce();
    EXPECT_FALSE(judge->failed());
    judge.reset();  // Nobody may touch it any more (I2).
    for (std::thread& worker : workers) worker.join();
  }
}

TEST(JudgeConcurrentTest, AwaitSeesChildrenThatTasksSubmit) {
  Judge judge(1000);
  std::atomic<uint32_t> next{judge.Submitted()};
  std::thread worker([&] {
    for (int i = 0; i < 500; ++i) {
      const uint32_t task = next.load();
      judge.Started(task);
      if (i < 499) next = judge.Submitted();
      judge.Finished(task);
    }
  });
  judge.AwaitAllFinished();
  EXPECT_EQ(judge.finished(), 500u);
  worker.join();
}

}  // namespace
}  // namespace reveille::stress

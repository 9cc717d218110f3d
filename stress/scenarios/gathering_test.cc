#include "stress/scenarios/gathering.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "stress/scenarios/meeting.h"

namespace reveille::stress {
namespace {

// Runs each task at once, on the thread that submits it.
class InlinePool : public Pool {
 public:
  bool Submit(PoolFn fn) override {
    fn();
    return true;
  }
  int Parallelism() const override { return 1; }
  bool Shutdown(PoolClock::time_point) override { return true; }
};

class GatheringTest : public testing::Test {
 protected:
  InlinePool pool_;
  Judge judge_{1024};
  std::atomic<bool> stop_{false};
  ScenarioContext context_{pool_,  {},    1,      std::mt19937_64(1),
                           judge_, stop_, nullptr};
  Round round_{context_};
};

TEST_F(GatheringTest, EveryWaySubmitsEachOnce) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    for (const int n : {1, 2, 3, 8}) {
      Dice dice(seed);
      std::vector<int> runs(n);
      Gather(round_, dice, n, [&runs](int i) { ++runs[i]; });
      EXPECT_EQ(runs, std::vector<int>(n, 1)) << "seed " << seed;
    }
  }
  judge_.CheckAllOnce();
  EXPECT_FALSE(judge_.failed());
}

TEST_F(GatheringTest, MeetingIsCompleteWithItsLastMember) {
  Meeting meeting(round_, 1);
  EXPECT_FALSE(meeting.Complete());
  meeting.Arrive();
  EXPECT_TRUE(meeting.Complete());
}

TEST_F(GatheringTest, BatchFallsBackToSingleSubmissions) {
  int runs = 0;
  round_.SubmitTogether({[&runs] { ++runs; }, [&runs] { ++runs; }});
  EXPECT_EQ(runs, 2);
}

// Accepts and forgets.
class ForgetfulPool : public InlinePool {
 public:
  bool Submit(PoolFn) override { return true; }
};

TEST(RoundTest, BugTaskDestroyedUnrunIsNoticedAtOnce) {
  ForgetfulPool pool;
  Judge judge(4);
  std::atomic<bool> stop{false};
  ScenarioContext context{pool,  {},   1,      std::mt19937_64(1),
                          judge, stop, nullptr};
  Round round(context);
  EXPECT_TRUE(round.Submit([] {}));
  round.End();
  ASSERT_EQ(judge.failures().size(), 1u);
  EXPECT_EQ(judge.failures()[0].verdict, "lost-task");
}

}  // namespace
}  // namespace reveille::stress

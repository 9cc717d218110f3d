// The strategies: what they promise, by counting.
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "sanitizers/explore/exploration.h"
#include "sanitizers/explore/strategies/bounded.h"
#include "sanitizers/explore/strategies/bytes.h"
#include "sanitizers/explore/strategies/directed.h"
#include "sanitizers/explore/strategies/few_preemptions.h"
#include "sanitizers/explore/strategies/meetings.h"
#include "sanitizers/explore/strategies/pct.h"
#include "sanitizers/explore/strategies/portfolio.h"
#include "sanitizers/explore/strategies/replay.h"

namespace reveille::explore {
namespace {

// Two threads with `events` operations each; the body only creates and joins.
void TwoThreads(int events) {
  std::atomic<int> word{0};
  auto work = [&] {
    for (int i = 0; i < events; ++i) word.fetch_add(1);
  };
  std::thread a(work);
  std::thread b(work);
  a.join();
  b.join();
}

uint64_t SchedulesOf(int events, int preemptions) {
  Bounded bounded(preemptions);
  Explore(&bounded, 1000000, [events] { TwoThreads(events); });
  EXPECT_TRUE(bounded.complete());
  return bounded.schedules();
}

// Thread 0 creates both others and then waits in join, which is its only
// scheduling point and cannot happen before thread 1 has ended: until then
// exactly threads 1 and 2 can run. Each has its start and `events` operations,
// n = events + 1 in all. After thread 1's end thread 0 can finish its first
// join at any time, and with it (its second join waits or not) nothing more is
// decided, except where that step falls among what thread 2 still has to do.
TEST(Bounded, CountsSchedulesAsByHand) {
  // No preemption: thread 1 or thread 2 goes first. If 2 goes first, it runs
  // to its end and 1 follows: one schedule. If 1 goes first, then at its end
  // both 0 (join) and 2 can run, a free choice: 0 joins and 2 follows, or 2
  // runs and 0 joins later. Three in all, whatever the number of operations.
  EXPECT_EQ(SchedulesOf(1, 0), 3u);
  EXPECT_EQ(SchedulesOf(5, 0), 3u);
  // Every schedule (the bound is never reached): interleavings of n + n
  // operations in which 1 ends after j operations of 2, times the n - j + 1
  // places for the join: for n = 2 that is
  //   j=0: 1*3, j=1: 2*2, j=2: 3*1 = 10.
  EXPECT_EQ(SchedulesOf(1, 100), 10u);
  // n = 3: C(2+j, j) ways to end with 1's last, times (3 - j + 1):
  //   1*4 + 3*3 + 6*2 + 10*1 = 35.
  EXPECT_EQ(SchedulesOf(2, 100), 35u);
}

TEST(Bounded, MorePreemptionsMeanMoreSchedulesUpToAll) {
  uint64_t last = 0;
  for (int preemptions = 0; preemptions < 6; ++preemptions) {
    const uint64_t now = SchedulesOf(2, preemptions);
    EXPECT_GE(now, last);
    last = now;
  }
  EXPECT_EQ(last, 35u);
}

TEST(Bounded, PlantedBugNeedsExactlyOnePreemption) {
  auto body = [] {
    std::atomic<int> counter{0};
    auto add = [&] { counter.store(counter.load() + 1); };
    std::thread a(add);
    std::thread b(add);
    a.join();
    b.join();
    Check(counter.load() == 2, "lost an increment");
  };
  Bounded none(0);
  EXPECT_TRUE(Explore(&none, 1000, body).clean());
  EXPECT_TRUE(none.complete());
  Bounded one(1);
  EXPECT_GT(Explore(&one, 1000, body).count(Verdict::kCheckFailed), 0);
}

// A bug that needs its events in exactly this order, among `noise` others.
void OrderedBug(int depth) {
  std::atomic<int> stage{0};
  auto advance = [&](int from) {
    for (int i = 0; i < 10; ++i) {
      int expected = from;
      if (i == 5) stage.compare_exchange_strong(expected, from + 1);
      stage.load();
    }
  };
  std::thread a([&] { advance(1); });
  std::thread b([&] { advance(0); });
  a.join();
  b.join();
  Check(stage.load() < depth, "the stages came in order");
}

TEST(Pct, PlantedBugOfDepthTwoIsMetAsOftenAsPromised) {
  Pct pct(2);
  const Tally tally = Explore(&pct, 1000, [] { OrderedBug(2); });
  // At least 1 / (threads * length) of the time.
  EXPECT_GT(tally.count(Verdict::kCheckFailed), 1000 / (3 * 60));
}

TEST(Pct, SpinnersSinkBelowThoseTheyWaitFor) {
  Pct pct(3);
  const Tally tally = Explore(&pct, 500, [] {
    std::atomic<bool> flag{false};
    std::thread waiter([&] {
      while (!flag.load()) std::this_thread::yield();
    });
    flag.store(true);
    waiter.join();
  });
  EXPECT_TRUE(tally.clean()) << tally.message;
}

class EveryStrategy : public testing::TestWithParam<const char*> {
 protected:
  Strategy* Create() { return CreateStrategy(GetParam(), {}); }
};

INSTANTIATE_TEST_SUITE_P(Names, EveryStrategy,
                         testing::Values("random", "few", "pct", "pos", "surw",
                                         "surw-pos", "bounded", "portfolio"));

TEST_P(EveryStrategy, FindsAPlantedCheckThenPark) {
  Strategy* strategy = Create();
  const Tally tally = Explore(strategy, 2000, [] {
    std::atomic<int> work{0};
    std::atomic<int> parked{0};
    std::mutex mutex;
    std::condition_variable changed;
    bool token = false;
    std::thread worker([&] {
      if (work.load() != 0) return;
      parked.store(1);
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return token; });
    });
    work.store(1);
    if (parked.load() != 0) {
      std::lock_guard lock(mutex);
      token = true;
      changed.notify_one();
    }
    worker.join();
  });
  EXPECT_GT(tally.count(Verdict::kDeadlock), 0) << tally.message;
  DestroyStrategy(strategy);
}

TEST_P(EveryStrategy, IsDecidedByItsKeys) {
  std::vector<uint64_t> hashes[2];
  for (auto& list : hashes) {
    list.reserve(300);
    Strategy* strategy = Create();
    auto body = [] { TwoThreads(4); };
    for (uint64_t key = 0; key < 300; ++key) {
      const Outcome* outcome =
          RunOnce(strategy, key, {}, CallBody<decltype(body)>, &body);
      if (outcome == nullptr) break;
      list.push_back(outcome->hash);
    }
    DestroyStrategy(strategy);
  }
  EXPECT_EQ(hashes[0], hashes[1]);
}

TEST_P(EveryStrategy, ChoicesReplayToTheSameHash) {
  Strategy* strategy = Create();
  auto body = [] { TwoThreads(4); };
  for (uint64_t key = 0; key < 100; ++key) {
    const Outcome* outcome =
        RunOnce(strategy, key, {}, CallBody<decltype(body)>, &body);
    if (outcome == nullptr) break;
    const uint64_t hash = outcome->hash;
    size_t count;
    const Choice* last = LastChoices(&count);
    const std::vector<Choice> choices(last, last + count);
    Replay replay(choices.data(), choices.size());
    const uint64_t again =
        RunOnce(&replay, 0, {}, CallBody<decltype(body)>, &body)->hash;
    ASSERT_EQ(hash, again);
    ASSERT_EQ(replay.departures(), 0u);
  }
  DestroyStrategy(strategy);
}

TEST(Bytes, EveryStringIsASchedule) {
  Random random(5);
  for (int i = 0; i < 300; ++i) {
    uint8_t bytes[40];
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.Next());
    for (Bytes::Tail tail : {Bytes::Tail::kDefault, Bytes::Tail::kRandom}) {
      Bytes strategy(bytes, static_cast<size_t>(i % 41), tail);
      const Tally tally = Explore(&strategy, 1, [] { TwoThreads(5); });
      ASSERT_TRUE(tally.clean()) << tally.message;
    }
  }
}

TEST(Bytes, EmptyStringMeansNoPreemption) {
  Bytes strategy(nullptr, 0, Bytes::Tail::kDefault);
  bool preempted = false;
  Explore(&strategy, 1, [&] {
    std::atomic<int> word{0};
    auto work = [&](int me) {
      for (int i = 0; i < 5; ++i) {
        if (word.exchange(me + i) != me + i - 1 && i > 0) preempted = true;
      }
    };
    std::thread a(work, 100);
    std::thread b(work, 200);
    a.join();
    b.join();
  });
  EXPECT_FALSE(preempted);
}

TEST(Coverage, CountsWhichWriteWasRead) {
  uint8_t counters[256] = {};
  CountReadsFrom(counters, sizeof counters);
  Explore(20, [] { TwoThreads(3); });
  CountReadsFrom(nullptr, 0);
  int pairs = 0;
  for (uint8_t counter : counters) pairs += counter != 0;
  EXPECT_GE(pairs, 2);  // from the initial value, and from the update itself
}

// Most preemptions that any of many schedules took.
int MostPreemptions(int allowed) {
  FewPreemptions few(allowed, nullptr);
  Buffer<Directive> directives(1000);
  Recorder recorder(&few, &directives);
  int most = 0;
  auto body = [] { TwoThreads(5); };
  for (uint64_t key = 0; key < 300; ++key) {
    RunOnce(&recorder, key, {}, CallBody<decltype(body)>, &body);
    int taken = 0;
    for (const Directive& directive : directives) taken += directive.preempts;
    most = taken > most ? taken : most;
  }
  return most;
}

// What Meetings says of a thread that is about to touch a word.
class MeetingsTest : public testing::Test {
 protected:
  bool MeetsNobody(int thread, Kind kind, uintptr_t word) {
    pending_[thread].object = word;
    pending_[thread].kind = kind;
    ++pending_[thread].number;
    const uint64_t bit = uint64_t{1} << thread;
    return meetings_.Watch({Tag::kThread, 0, 1, bit, pending_}) == bit;
  }

  PendingEvent pending_[kMaxThreads + 1] = {};
  Meetings meetings_;
};

TEST_F(MeetingsTest, OwnWordsMeetNobody) {
  EXPECT_TRUE(MeetsNobody(1, Kind::kReadModifyWrite, 0x1000));
  EXPECT_TRUE(MeetsNobody(2, Kind::kStore, 0x2000));
  EXPECT_TRUE(MeetsNobody(1, Kind::kLoad, 0x1000));
}

TEST_F(MeetingsTest, WordThatAllOnlyReadMeetsNobody) {
  EXPECT_TRUE(MeetsNobody(1, Kind::kLoad, 0x1000));
  EXPECT_TRUE(MeetsNobody(2, Kind::kLoad, 0x1000));
}

TEST_F(MeetingsTest, OneWriterAndAnotherReaderMeetForGood) {
  EXPECT_TRUE(MeetsNobody(1, Kind::kStore, 0x1000));
  EXPECT_FALSE(MeetsNobody(2, Kind::kLoad, 0x1000));
  meetings_.Begin();
  EXPECT_FALSE(MeetsNobody(1, Kind::kStore, 0x1000));
  // The other half of the same eight bytes.
  EXPECT_FALSE(MeetsNobody(1, Kind::kStore, 0x1004));
}

TEST_F(MeetingsTest, YieldsConcernEverybody) {
  EXPECT_FALSE(MeetsNobody(1, Kind::kYield, 0x1000));
}

TEST(PortfolioTest, ChoicesOfTheProgramStayForAWhile) {
  Portfolio portfolio;
  std::vector<uint32_t> chosen;
  chosen.reserve(64);
  Explore(&portfolio, 64,
          [&chosen] { chosen.push_back(ChooseBelow(1 << 20)); });
  ASSERT_EQ(chosen.size(), 64u);
  EXPECT_EQ(chosen[0], chosen[31]);
  EXPECT_NE(chosen[0], chosen[32]);
  EXPECT_EQ(chosen[32], chosen[63]);
}

TEST(FewPreemptions, TakesAsManyAsAllowedAndNoMore) {
  for (int allowed = 0; allowed <= 3; ++allowed) {
    EXPECT_EQ(MostPreemptions(allowed), allowed);
  }
}

TEST(FewPreemptions, PlantedLossOfAnIncrementTakesOne) {
  const auto body = [] {
    std::atomic<int> word{0};
    auto add = [&] { word.store(word.load() + 1); };
    std::thread a(add);
    std::thread b(add);
    a.join();
    b.join();
    Check(word == 2, "lost an increment");
  };
  FewPreemptions none(0, nullptr);
  EXPECT_TRUE(Explore(&none, 300, body).clean());
  FewPreemptions one(1, nullptr);
  EXPECT_GT(Explore(&one, 300, body).count(Verdict::kCheckFailed), 10);
}

TEST(FewPreemptions, AnswersTheProgramAsWanted) {
  Buffer<uint32_t> wanted(4);
  wanted.Push(5);
  wanted.Push(2);
  FewPreemptions few(1, &wanted);
  const auto body = [] {
    Check(ChooseBelow(8) == 5, "the first answer");
    Check(ChooseBelow(8) == 2, "the second answer");
  };
  EXPECT_TRUE(Explore(&few, 20, body).clean());
}

}  // namespace
}  // namespace reveille::explore

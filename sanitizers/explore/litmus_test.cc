// Litmus programs under sequential consistency: every allowed outcome is
// reached, no forbidden one is.
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>
#include <utility>

#include "sanitizers/explore/exploration.h"

namespace reveille::explore {
namespace {

using Pair = std::pair<int, int>;
using Pairs = std::set<Pair>;

std::memory_order Relaxed() { return std::memory_order_relaxed; }

TEST(Litmus, StoreBufferingNeverReadsTwoZeroes) {
  Pairs seen;
  int a = 0;
  int b = 0;
  for (int round = 0; round < 40; ++round) {
    RandomWalk walk;
    auto body = [&] {
      std::atomic<int> x{0};
      std::atomic<int> y{0};
      std::thread first([&] {
        x.store(1, Relaxed());
        a = y.load(Relaxed());
      });
      std::thread second([&] {
        y.store(1, Relaxed());
        b = x.load(Relaxed());
      });
      first.join();
      second.join();
    };
    for (uint64_t key = 0; key < 25; ++key) {
      RunOnce(&walk, key + 1000 * static_cast<uint64_t>(round), {},
              CallBody<decltype(body)>, &body);
      seen.insert({a, b});
    }
  }
  EXPECT_EQ(seen, (Pairs{{0, 1}, {1, 0}, {1, 1}}));
}

// Runs `body`, which leaves its outcome in *result, many times.
template <typename Body>
Pairs Outcomes(Pair* result, Body body) {
  Pairs seen;
  RandomWalk walk;
  for (uint64_t key = 0; key < 3000; ++key) {
    const Outcome& outcome = *RunOnce(&walk, key, {}, CallBody<Body>, &body);
    EXPECT_EQ(outcome.verdict, Verdict::kClean) << outcome.message;
    seen.insert(*result);
  }
  return seen;
}

TEST(Litmus, MessagePassingNeverSeesTheFlagWithoutTheData) {
  Pair result;
  const Pairs seen = Outcomes(&result, [&] {
    std::atomic<int> data{0};
    std::atomic<int> flag{0};
    std::thread writer([&] {
      data.store(1, Relaxed());
      flag.store(1, Relaxed());
    });
    std::thread reader([&] {
      result.first = flag.load(Relaxed());
      result.second = data.load(Relaxed());
    });
    writer.join();
    reader.join();
  });
  EXPECT_EQ(seen, (Pairs{{0, 0}, {0, 1}, {1, 1}}));
}

TEST(Litmus, LoadBufferingNeverReadsFromTheFuture) {
  Pair result;
  const Pairs seen = Outcomes(&result, [&] {
    std::atomic<int> x{0};
    std::atomic<int> y{0};
    std::thread first([&] {
      result.first = x.load(Relaxed());
      y.store(1, Relaxed());
    });
    std::thread second([&] {
      result.second = y.load(Relaxed());
      x.store(1, Relaxed());
    });
    first.join();
    second.join();
  });
  EXPECT_EQ(seen, (Pairs{{0, 0}, {0, 1}, {1, 0}}));
}

TEST(Litmus, TwoReadersAgreeOnTheOrderOfIndependentWrites) {
  Pair result;
  const Pairs seen = Outcomes(&result, [&] {
    std::atomic<int> x{0};
    std::atomic<int> y{0};
    int r1 = 0;
    int r2 = 0;
    int r3 = 0;
    int r4 = 0;
    std::thread w1([&] { x.store(1); });
    std::thread w2([&] { y.store(1); });
    std::thread reader1([&] {
      r1 = x.load();
      r2 = y.load();
    });
    std::thread reader2([&] {
      r3 = y.load();
      r4 = x.load();
    });
    w1.join();
    w2.join();
    reader1.join();
    reader2.join();
    // Each reader saw one write and missed the other.
    result = {r1 == 1 && r2 == 0, r3 == 1 && r4 == 0};
  });
  EXPECT_EQ(seen, (Pairs{{0, 0}, {0, 1}, {1, 0}}));
}

TEST(Litmus, ReadsOfOnePlaceNeverGoBack) {
  Pair result;
  const Pairs seen = Outcomes(&result, [&] {
    std::atomic<int> x{0};
    std::thread writer([&] { x.store(1, Relaxed()); });
    std::thread reader([&] {
      result.first = x.load(Relaxed());
      result.second = x.load(Relaxed());
    });
    writer.join();
    reader.join();
  });
  EXPECT_EQ(seen, (Pairs{{0, 0}, {0, 1}, {1, 1}}));
}

TEST(Litmus, PlantedLoadThenStoreLosesAnIncrement) {
  Pair result;
  const Pairs seen = Outcomes(&result, [&] {
    std::atomic<int> counter{0};
    auto add = [&] { counter.store(counter.load() + 1); };
    std::thread first(add);
    std::thread second(add);
    first.join();
    second.join();
    result = {counter.load(), 0};
  });
  EXPECT_EQ(seen, (Pairs{{1, 0}, {2, 0}}));
}

}  // namespace
}  // namespace reveille::explore

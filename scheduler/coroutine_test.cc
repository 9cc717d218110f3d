#include "reveille/coroutine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "scheduler/testing.h"

namespace reveille {
namespace {

using testing::Start;
using testing::Unrescued;

class CoroutineTest : public ::testing::Test {
 protected:
  // Runs it to its end.
  template <typename F>
  void Run(F f) {
    ASSERT_TRUE(s_->Spawn(std::move(f)).ok());
    ASSERT_TRUE(s_->Drain().ok());
  }
  std::unique_ptr<Scheduler> s_ = Start(Unrescued(2));
};

Task<int> Answer() { co_return 42; }
Task<> Nothing() { co_return; }
Task<std::unique_ptr<int>> Owned() { co_return std::make_unique<int>(7); }
Task<int> Sum(int a, int b) {
  co_await Yield();
  co_return a + b;
}

TEST_F(CoroutineTest, IsLazy) {
  bool begun = false;
  auto make = [&]() -> Task<> {
    begun = true;
    co_return;
  };
  Task<> task = make();
  EXPECT_FALSE(begun);
  Run(std::move(task));
  EXPECT_TRUE(begun);
}

TEST_F(CoroutineTest, OneThatNeverRunsIsDestroyedWithWhatItHolds) {
  auto token = std::make_shared<int>(0);
  {
    auto make = [](std::shared_ptr<int>) -> Task<> { co_return; };
    Task<> task = make(token);
    EXPECT_EQ(token.use_count(), 2);
  }
  EXPECT_EQ(token.use_count(), 1);
}

TEST_F(CoroutineTest, ValuesComeBackThroughCoAwait) {
  int answer = 0;
  int sum = 0;
  std::unique_ptr<int> owned;
  Run([&]() -> Task<> {
    answer = co_await Answer();
    owned = co_await Owned();
    sum = co_await Sum(20, 3);
  });
  EXPECT_EQ(answer, 42);
  ASSERT_NE(owned, nullptr);
  EXPECT_EQ(*owned, 7);
  EXPECT_EQ(sum, 23);
}

Task<int> Throw(bool late) {
  if (late) co_await Yield();
  throw std::runtime_error("inner");
}

TEST_F(CoroutineTest, ExceptionsComeBackThroughCoAwait) {
  int caught = 0;
  Run([&]() -> Task<> {
    for (bool late : {false, true}) {
      try {
        (void)co_await Throw(late);
      } catch (const std::runtime_error& e) {
        caught += std::string(e.what()) == "inner";
      }
    }
  });
  EXPECT_EQ(caught, 2);
}

Task<> PassOn(int depth) {
  if (depth == 0) throw std::logic_error("bottom");
  co_await PassOn(depth - 1);
}

TEST_F(CoroutineTest, AnExceptionUnwindsAWholeChain) {
  bool caught = false;
  Run([&]() -> Task<> {
    try {
      co_await PassOn(1000);
    } catch (const std::logic_error&) {
      caught = true;
    }
  });
  EXPECT_TRUE(caught);
}

// --- Depth
// -------------------------------------------------------------------------

// Where the stack is, seen from the deepest and the shallowest frame.
struct StackSpan {
  uintptr_t low = UINTPTR_MAX;
  uintptr_t high = 0;
  [[gnu::noinline]] void Look() {
    // Not a local: AddressSanitizer keeps those elsewhere.
    const auto at = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
    low = std::min(low, at);
    high = std::max(high, at);
  }
};

Task<int> Nest(int depth, StackSpan* span, bool suspend) {
  span->Look();
  if (depth == 0) {
    if (suspend) co_await Yield();
    co_return 0;
  }
  const int below = co_await Nest(depth - 1, span, suspend);
  span->Look();
  co_return below + 1;
}

// gcc makes a symmetric transfer a tail call only when it optimises, and not
// under a sanitizer; there the chains are short and the stack is not measured.
#if defined(__clang__) || \
    (defined(__OPTIMIZE__) && !defined(REVEILLE_UNDER_SANITIZER))
constexpr bool kTransfersAreTailCalls = true;
#else
constexpr bool kTransfersAreTailCalls = false;
#endif
constexpr int kDepth = kTransfersAreTailCalls ? 100'000 : 1000;
constexpr uintptr_t kFlat =
    kTransfersAreTailCalls ? 16'384 : std::numeric_limits<uintptr_t>::max();

// Promise: a chain of any length uses no stack (coroutine.h), on the way down
// and on the way back. Judged by where the stack is at every level.
StackSpan SpanOfAChain(Scheduler* s, bool suspend) {
  StackSpan span;
  int depth = 0;
  const auto run = [&]() -> Task<> {
    depth = co_await Nest(kDepth, &span, suspend);
  };
  EXPECT_TRUE(s->Spawn(run).ok());
  EXPECT_TRUE(s->Drain().ok());
  EXPECT_EQ(depth, kDepth);
  return span;
}

TEST_F(CoroutineTest, NestsAHundredThousandDeepWithoutStack) {
  const StackSpan span = SpanOfAChain(s_.get(), false);
  EXPECT_LT(span.high - span.low, kFlat);
}

// Goes on on another thread, perhaps, whose stack is elsewhere.
TEST_F(CoroutineTest, SuspendsAHundredThousandDeep) {
  SpanOfAChain(s_.get(), true);
}

// --- Cut off -----------------------------------------------------------------

// A local that tells its end, and looks at its caller's, which must be alive.
struct Level {
  Level(int at, const Level* around, std::vector<int>* told)
      : depth(at), outer(around), ends(told) {}
  ~Level() {
    const bool outer_lives = outer == nullptr || outer->depth == depth + 1;
    ends->push_back(outer_lives ? depth : -1);
    depth = -1;
  }
  Level(const Level&) = delete;
  Level& operator=(const Level&) = delete;
  int depth;
  const Level* outer;
  std::vector<int>* ends;
};

std::atomic<bool> at_the_bottom{false};

Task<int> Suspended(int depth, const Level* outer, std::vector<int>* ends) {
  Level mine(depth, outer, ends);
  if (depth == 0) {
    at_the_bottom.store(true);
    co_await SleepUntil(kNoDeadline);
    co_return 0;
  }
  // One that has ended is no part of the chain any more.
  if (depth % 2 == 0) co_await Nothing();
  Task<int> below = Suspended(depth - 1, &mine, ends);
  Task<int> moved = std::move(below);
  co_return co_await std::move(moved);
}

// Ends it where it sleeps. When all Ps are idle it does.
uint64_t CutOff(Scheduler* s) {
  testing::Await([&] {
    return at_the_bottom.load() && s->GetStats().npidle == s->procs();
  });
  at_the_bottom.store(false);
  return s->Shutdown(Clock::now()).dropped;
}

// Promise: a chain of any length that Shutdown() cuts off is destroyed without
// a stack of its depth, whole, once, and innermost first, as a return would.
TEST_F(CoroutineTest, AChainThatIsCutOffEndsInnermostFirstWithoutStack) {
  std::vector<int> ends;
  ends.reserve(kDepth + 1);
  ASSERT_TRUE(s_->Spawn([&]() -> Task<> {
                  (void)co_await Suspended(kDepth, nullptr, &ends);
                }).ok());
  EXPECT_EQ(CutOff(s_.get()), 1u);
  ASSERT_EQ(ends.size(), size_t{kDepth} + 1);
  for (int depth = 0; depth <= kDepth; ++depth) ASSERT_EQ(ends[depth], depth);
}

TEST_F(CoroutineTest, AChainThatIsCutOffAfterItSawAnException) {
  std::vector<int> ends;
  ASSERT_TRUE(s_->Spawn([&]() -> Task<> {
                  try {
                    (void)co_await Throw(true);
                  } catch (const std::runtime_error&) {
                  }
                  (void)co_await Suspended(3, nullptr, &ends);
                }).ok());
  EXPECT_EQ(CutOff(s_.get()), 1u);
  EXPECT_EQ(ends, (std::vector<int>{0, 1, 2, 3}));
}

Task<int> Immediate(int i) { co_return i; }

TEST_F(CoroutineTest, ALoopOfAwaitsUsesNoStack) {
  StackSpan span;
  Run([&]() -> Task<> {
    for (int i = 0; i < kDepth; ++i) {
      if (co_await Immediate(i) != i) ADD_FAILURE();
      span.Look();
    }
  });
  EXPECT_LT(span.high - span.low, kFlat);
}

// --- Captures
// ------------------------------------------------------------------------

TEST_F(CoroutineTest, CapturesLiveAsLongAsTheCoroutine) {
  auto token = std::make_shared<std::string>("still here");
  std::string seen;
  ASSERT_TRUE(s_->Spawn([token, &seen]() -> Task<> {
                  co_await SleepFor(std::chrono::milliseconds(1));
                  seen = *token;
                }).ok());
  EXPECT_TRUE(s_->Drain().ok());
  EXPECT_EQ(seen, "still here");
  EXPECT_EQ(token.use_count(), 1);
}

TEST_F(CoroutineTest, LocalsAreDestroyedOnceAndInTheirOrder) {
  std::vector<int> order;
  struct Mark {
    std::vector<int>* order;
    int id;
    ~Mark() { order->push_back(id); }
  };
  Run([&]() -> Task<> {
    Mark first{&order, 1};
    co_await Yield();
    Mark second{&order, 2};
    co_await Yield();
  });
  EXPECT_EQ(order, (std::vector<int>{2, 1}));
}

TEST_F(CoroutineTest, TaskMayBeMovedBeforeItIsAwaited) {
  int seen = 0;
  Run([&]() -> Task<> {
    Task<int> first = Answer();
    Task<int> second = std::move(first);
    first = Sum(1, 2);
    seen = co_await std::move(second) + co_await std::move(first);
  });
  EXPECT_EQ(seen, 45);
}

TEST_F(CoroutineTest, ManyAtOnceResumeOnWhateverThreadAndKeepTheirState) {
  std::atomic<int64_t> total{0};
  const int n = testing::Rounds(2000);
  for (int i = 0; i < n; ++i) {
    ASSERT_TRUE(s_->Spawn([&, i]() -> Task<> {
                    int64_t mine = 0;
                    for (int j = 0; j < 10; ++j) {
                      mine += i;
                      co_await Yield();
                    }
                    total.fetch_add(mine);
                  }).ok());
  }
  EXPECT_TRUE(s_->Drain().ok());
  EXPECT_EQ(total.load(), int64_t{10} * n * (n - 1) / 2);
}

// --- What is not allowed is said
// --------------------------------------------------------

struct Foreign {
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  void await_resume() const noexcept {}
};

void AwaitSomethingForeign() {
  auto s = Start(Unrescued(1));
  (void)s->Spawn([]() -> Task<> { co_await Foreign(); }, {.name = "lost"});
  (void)s->Drain();
}

TEST(CoroutineDeathTest, SuspendingOnSomethingForeignEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(AwaitSomethingForeign(), "not Reveille's");
}

// The comment in coroutine.h: "ends the process with the task named".
TEST(CoroutineDeathTest, SuspendingOnSomethingForeignNamesTheTask) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(AwaitSomethingForeign(), "lost");
}

void AwaitInABlockingSection() {
  auto s = Start(Unrescued(1));
  (void)s->Spawn([]() -> Task<> {
    BlockingSection blocking;
    co_await SleepFor(std::chrono::milliseconds(1));
  });
  (void)s->Drain();
}

TEST(CoroutineDeathTest, SuspendingInsideABlockingSectionEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(AwaitInABlockingSection(), "check failed");
}

}  // namespace
}  // namespace reveille

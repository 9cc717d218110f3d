// The contract, on each pool of this program: what every scenario takes for
// granted.
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "stress/oracles/oracle.h"
#include "stress/oracles/quiescence.h"
#include "stress/oracles/ticket.h"
#include "stress/pools/contract_pools.h"
#include "stress/pools/pool.h"

namespace reveille::stress {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
constexpr auto kNoDeadline = PoolClock::time_point::max();

class PoolContractTest : public testing::TestWithParam<std::string> {
 protected:
  // With rescuers off: the contract holds without them.
  std::unique_ptr<Pool> MakePool(int parallelism) {
    PoolConfig config;
    config.parallelism = parallelism;
    config.rescuers = false;
    auto pool = FindPool(GetParam())->create(config);
    EXPECT_TRUE(pool.ok()) << pool.status();
    return *std::move(pool);
  }
  PoolFn Counted(std::function<void()> body) {
    return [ticket = Ticket(&judge_, judge_.Submitted()),
            body = std::move(body)]() mutable { ticket.Run(body); };
  }
  void AwaitAll() {
    judge_.AwaitAllFinished();
    judge_.CheckAllOnce();
    for (const Failure& failure : judge_.failures()) {
      ADD_FAILURE() << failure.verdict << ": " << failure.what;
    }
  }
  Judge judge_{4096};
};

TEST_P(PoolContractTest, EachSubmittedTaskRunsOnce) {
  auto pool = MakePool(2);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(pool->Submit(Counted([] {})));
  AwaitAll();
}

TEST_P(PoolContractTest, TaskMaySubmit) {
  auto pool = MakePool(1);
  std::function<void(int)> submit = [&](int left) {
    pool->Submit(Counted([&submit, left] {
      if (left > 0) submit(left - 1);
    }));
  };
  submit(200);
  AwaitAll();
  EXPECT_EQ(judge_.finished(), 201u);
}

TEST_P(PoolContractTest, AsManyTasksRunAtOnceAsItSays) {
  auto pool = MakePool(3);
  ASSERT_EQ(pool->Parallelism(), 3);
  std::atomic<int> arrived{0};
  for (int i = 0; i < 3; ++i) {
    pool->Submit(Counted([&arrived] {
      arrived.fetch_add(1);
      while (arrived.load() < 3) std::this_thread::yield();
    }));
  }
  AwaitAll();
}

TEST_P(PoolContractTest, CreationOfAPoolWithoutWorkersFails) {
  PoolConfig config;
  config.parallelism = -1;
  EXPECT_FALSE(FindPool(GetParam())->create(config).ok());
}

TEST_P(PoolContractTest, ShutdownRunsWhatWasAcceptedAndRefusesTheRest) {
  auto pool = MakePool(2);
  for (int i = 0; i < 500; ++i) pool->Submit(Counted([] {}));
  EXPECT_TRUE(pool->Shutdown(kNoDeadline));
  EXPECT_EQ(judge_.finished(), 500u);
  EXPECT_FALSE(pool->Submit([] { FAIL() << "ran though it was refused"; }));
  AwaitAll();
}

TEST_P(PoolContractTest, TaskSpawnedDuringShutdownStillRuns) {
  auto pool = MakePool(2);
  std::atomic<bool> refusing{false};
  pool->Submit(Counted([&] {
    while (!refusing.load()) std::this_thread::yield();
    EXPECT_TRUE(pool->Submit(Counted([] {})));
  }));
  std::thread closer([&] { EXPECT_TRUE(pool->Shutdown(kNoDeadline)); });
  while (pool->Submit([] {})) std::this_thread::yield();
  refusing.store(true);
  closer.join();
  AwaitAll();
  EXPECT_EQ(judge_.finished(), 2u);
}

TEST_P(PoolContractTest, DestructorEndsAnIdlePool) {
  for (int i = 0; i < 50; ++i) MakePool(2);
}

TEST_P(PoolContractTest, BatchRunsWhole) {
  auto pool = MakePool(2);
  if (pool->AsBatch() == nullptr) GTEST_SKIP();
  std::vector<PoolFn> fns;
  for (int i = 0; i < 100; ++i) fns.push_back(Counted([] {}));
  EXPECT_TRUE(pool->AsBatch()->SubmitBatch(std::move(fns)));
  EXPECT_TRUE(pool->AsBatch()->SubmitBatch({}));
  AwaitAll();
  EXPECT_EQ(judge_.finished(), 100u);
}

TEST_P(PoolContractTest, YieldingTaskIsSteppedUntilItSaysNo) {
  auto pool = MakePool(1);
  if (pool->AsYielding() == nullptr) GTEST_SKIP();
  for (int task = 0; task < 4; ++task) {
    pool->AsYielding()->SubmitYielding(
        [this, left = 5, number = judge_.Submitted()]() mutable {
          if (left == 5) judge_.Started(number);
          if (--left > 0) return true;
          judge_.Finished(number);
          return false;
        });
  }
  AwaitAll();
}

TEST_P(PoolContractTest, TimerFiresAfterItsMoment) {
  auto pool = MakePool(1);
  if (pool->AsTimer() == nullptr) GTEST_SKIP();
  const auto due = PoolClock::now() + milliseconds(3);
  const uint32_t task = judge_.Armed();
  auto timer = pool->AsTimer()->NewTimer([&, due] {
    judge_.Started(task);
    EXPECT_GE(PoolClock::now(), due);
    judge_.Finished(task);
  });
  EXPECT_FALSE(timer->Reset(due));
  AwaitAll();
  EXPECT_FALSE(timer->Stop());
}

TEST_P(PoolContractTest, TimerMovedEarlierFiresThen) {
  auto pool = MakePool(1);
  if (pool->AsTimer() == nullptr) GTEST_SKIP();
  const uint32_t task = judge_.Armed();
  auto timer = pool->AsTimer()->NewTimer([&] {
    judge_.Started(task);
    judge_.Finished(task);
  });
  EXPECT_FALSE(timer->Reset(PoolClock::now() + hours(1)));
  EXPECT_TRUE(timer->Reset(PoolClock::now() + milliseconds(1)));
  AwaitAll();
}

TEST_P(PoolContractTest, StoppedTimerDoesNotFire) {
  auto pool = MakePool(1);
  if (pool->AsTimer() == nullptr) GTEST_SKIP();
  auto timer = pool->AsTimer()->NewTimer([] { FAIL() << "fired"; });
  EXPECT_FALSE(timer->Stop());
  timer->Reset(PoolClock::now() + hours(1));
  EXPECT_TRUE(timer->Stop());
  EXPECT_FALSE(timer->Stop());
}

TEST_P(PoolContractTest, BlockedTaskLendsItsPlace) {
  auto pool = MakePool(1);
  if (pool->AsBlocking() == nullptr) GTEST_SKIP();
  for (const bool expect_long : {false, true}) {
    std::atomic<bool> freed{false};
    pool->Submit(Counted([&] {
      pool->AsBlocking()->RunBlocking(expect_long, [&freed] {
        while (!freed.load()) std::this_thread::sleep_for(milliseconds(1));
      });
    }));
    pool->Submit(Counted([&freed] { freed.store(true); }));
    AwaitAll();
  }
}

TEST_P(PoolContractTest, BoundTaskStaysOnItsThread) {
  auto pool = MakePool(2);
  if (pool->AsBlocking() == nullptr) GTEST_SKIP();
  for (const bool discard : {false, true, true, false}) {
    pool->Submit(Counted([&pool, discard] {
      pool->AsBlocking()->RunLocked(discard, [&pool] {
        const long before = ::syscall(SYS_gettid);
        pool->AsBlocking()->RunBlocking(true, [] {});
        EXPECT_EQ(::syscall(SYS_gettid), before);
      });
    }));
    pool->Submit(Counted([] {}));
    AwaitAll();
  }
}

TEST_P(PoolContractTest, ResizedPoolRunsAsManyAtOnce) {
  auto pool = MakePool(1);
  if (pool->AsResizable() == nullptr) GTEST_SKIP();
  for (const int size : {3, 1, 2}) {
    pool->AsResizable()->Resize(size);
    EXPECT_EQ(pool->Parallelism(), size);
    std::atomic<int> arrived{0};
    for (int i = 0; i < size; ++i) {
      pool->Submit(Counted([&arrived, size] {
        arrived.fetch_add(1);
        while (arrived.load() < size) std::this_thread::yield();
      }));
    }
    AwaitAll();
  }
}

TEST_P(PoolContractTest, IdleWorkRunsWithinItsLimit) {
  auto pool = MakePool(2);
  if (pool->AsIdleWork() == nullptr) GTEST_SKIP();
  const int limit = pool->AsIdleWork()->Limit();
  EXPECT_GE(limit, 1);
  std::atomic<int> running{0};
  for (int i = 0; i < 200; ++i) {
    pool->AsIdleWork()->SubmitIdle(Counted([&] {
      EXPECT_LE(running.fetch_add(1) + 1, limit);
      std::this_thread::yield();
      running.fetch_sub(1);
    }));
  }
  AwaitAll();
}

class PoolNetpollTest : public PoolContractTest {
 protected:
  void SetUp() override {
    pool_ = MakePool(2);
    if (pool_->AsNetpoll() == nullptr) GTEST_SKIP();
    fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  }
  void TearDown() override {
    if (fd_ >= 0) pool_->AsNetpoll()->Close(fd_);
  }
  // Records how the wait ends.
  void AwaitReadable(PoolClock::time_point deadline,
                     std::atomic<NetpollPool::Event>* event) {
    pool_->AsNetpoll()->SubmitOnReadable(
        fd_, deadline,
        [ticket = Ticket(&judge_, judge_.Armed()),
         event](NetpollPool::Event e) mutable {
          ticket.Run([&] { event->store(e); });
        });
  }
  std::unique_ptr<Pool> pool_;
  int fd_ = -1;
};

TEST_P(PoolNetpollTest, ReadableDescriptorEndsTheWait) {
  std::atomic<NetpollPool::Event> event{NetpollPool::Event::kFailed};
  AwaitReadable(kNoDeadline, &event);
  ::eventfd_write(fd_, 1);
  AwaitAll();
  EXPECT_EQ(event, NetpollPool::Event::kReady);
}

TEST_P(PoolNetpollTest, WritableDescriptorEndsTheWait) {
  std::atomic<NetpollPool::Event> event{NetpollPool::Event::kFailed};
  ::eventfd_write(fd_, UINT64_MAX - 1);
  pool_->AsNetpoll()->SubmitOnWritable(
      fd_, kNoDeadline,
      [ticket = Ticket(&judge_, judge_.Armed()),
       &event](NetpollPool::Event e) mutable {
        ticket.Run([&] { event.store(e); });
      });
  eventfd_t all;
  ::eventfd_read(fd_, &all);
  AwaitAll();
  EXPECT_EQ(event, NetpollPool::Event::kReady);
}

TEST_P(PoolNetpollTest, DeadlineEndsTheWait) {
  std::atomic<NetpollPool::Event> event{NetpollPool::Event::kFailed};
  AwaitReadable(PoolClock::now() + milliseconds(2), &event);
  AwaitAll();
  EXPECT_EQ(event, NetpollPool::Event::kTimedOut);
}

TEST_P(PoolNetpollTest, DescriptorServesManyWaitsInTurn) {
  for (int i = 0; i < 50; ++i) {
    std::atomic<NetpollPool::Event> event{NetpollPool::Event::kFailed};
    AwaitReadable(kNoDeadline, &event);
    ::eventfd_write(fd_, 1);
    AwaitAll();
    ASSERT_EQ(event, NetpollPool::Event::kReady);
    eventfd_t ignored;
    ::eventfd_read(fd_, &ignored);
  }
}

TEST_P(PoolNetpollTest, CloseEndsTheWait) {
  std::atomic<NetpollPool::Event> event{NetpollPool::Event::kReady};
  AwaitReadable(kNoDeadline, &event);
  pool_->AsNetpoll()->Close(std::exchange(fd_, -1));
  AwaitAll();
  EXPECT_EQ(event, NetpollPool::Event::kClosed);
}

class PoolWhiteBoxTest : public PoolContractTest {};

TEST_P(PoolWhiteBoxTest, PoolAtRestIsQuiescent) {
  auto pool = MakePool(2);
  if (pool->AsWhiteBox() == nullptr) GTEST_SKIP();
  for (int i = 0; i < 100; ++i) pool->Submit(Counted([] {}));
  AwaitAll();
  EXPECT_EQ(pool->AsWhiteBox()->CheckQuiescent(), "");
}

TEST_P(PoolWhiteBoxTest, SnapshotShowsARunningTask) {
  auto pool = MakePool(2);
  if (pool->AsWhiteBox() == nullptr) GTEST_SKIP();
  const PoolSnapshot at_rest = pool->AsWhiteBox()->Snapshot();
  pool->Submit(Counted([&] {
    const PoolSnapshot busy = pool->AsWhiteBox()->Snapshot();
    EXPECT_EQ(busy.workers, 2);
    EXPECT_LT(busy.idle, 2);
    EXPECT_NE(busy.steps, at_rest.steps);
    EXPECT_FALSE(busy.tids.empty());
  }));
  AwaitAll();
}

TEST_P(PoolWhiteBoxTest, SnapshotShowsQueuedTasks) {
  auto pool = MakePool(1);
  if (pool->AsWhiteBox() == nullptr) GTEST_SKIP();
  pool->Submit(Counted([&] {
    for (int i = 0; i < 3; ++i) pool->Submit(Counted([] {}));
    EXPECT_GE(pool->AsWhiteBox()->Snapshot().runnable, 3u);
  }));
  AwaitAll();
}

TEST_P(PoolWhiteBoxTest, SnapshotShowsTheFirstTimer) {
  auto pool = MakePool(1);
  if (pool->AsWhiteBox() == nullptr || pool->AsTimer() == nullptr) {
    GTEST_SKIP();
  }
  EXPECT_EQ(pool->AsWhiteBox()->Snapshot().next_timer_ns, 0);
  auto timer = pool->AsTimer()->NewTimer([] {});
  const auto due = PoolClock::now() + hours(1);
  timer->Reset(due);
  EXPECT_EQ(pool->AsWhiteBox()->Snapshot().next_timer_ns,
            due.time_since_epoch().count());
  timer->Stop();
}

std::string TestName(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  for (char& c : name) {
    if (c == '-') c = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Pools, PoolContractTest,
                         testing::ValuesIn(ContractPools()), TestName);
INSTANTIATE_TEST_SUITE_P(Pools, PoolNetpollTest,
                         testing::ValuesIn(ContractPools()), TestName);
INSTANTIATE_TEST_SUITE_P(Pools, PoolWhiteBoxTest,
                         testing::ValuesIn(ContractPools()), TestName);

}  // namespace
}  // namespace reveille::stress

// What an execution costs. items_per_second: scheduling points a second;
// executions/s and ns/point as counters.
#include <benchmark/benchmark.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <queue>
#include <semaphore>
#include <thread>
#include <vector>

#include "sanitizers/explore/explore.h"
#include "sanitizers/explore/strategies/random_walk.h"

namespace reveille::explore {
namespace {

void Explore(benchmark::State& state, Strategy* strategy, BodyFunction body) {
  uint64_t key = 0;
  uint64_t steps = 0;
  uint64_t findings = 0;
  const ExecutionLimits limits;
  for (auto _ : state) {
    const Outcome& outcome = *RunOnce(strategy, ++key, limits, body, nullptr);
    steps += outcome.steps;
    if (outcome.verdict != Verdict::kClean) ++findings;
  }
  using benchmark::Counter;
  state.SetItemsProcessed(static_cast<int64_t>(steps));
  state.counters["executions/s"] =
      Counter(static_cast<double>(key), Counter::kIsRate);
  state.counters["s/point"] =
      Counter(static_cast<double>(steps), Counter::kIsRate | Counter::kInvert);
  state.counters["steps"] =
      static_cast<double>(steps) / static_cast<double>(key);
  state.counters["findings"] = static_cast<double>(findings);
}

void RandomlyExplore(benchmark::State& state, BodyFunction body) {
  RandomWalk walk;
  Explore(state, &walk, body);
}

void ThreeThreadsTwentyAtomics(void*) {
  std::atomic<int> counter{0};
  auto add = [&counter] {
    for (int i = 0; i < 20; ++i)
      counter.fetch_add(1, std::memory_order_relaxed);
  };
  std::thread a(add);
  std::thread b(add);
  std::thread c(add);
  a.join();
  b.join();
  c.join();
  Check(counter == 60, "lost an increment");
}

void LostWakeup(void*) {
  std::atomic<int> work{0};
  std::atomic<int> parked{0};
  std::binary_semaphore token{0};
  std::thread worker([&] {
    if (work.load() != 0) return;
    parked.store(1);
    token.acquire();
  });
  std::thread submitter([&] {
    work.store(1);
    if (parked.load() != 0) token.release();
  });
  worker.join();
  submitter.join();
}

class ConditionPool {
 public:
  explicit ConditionPool(int workers) {
    for (int i = 0; i < workers; ++i) threads_.emplace_back([this] { Work(); });
  }
  ~ConditionPool() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }
  void Submit(int task) {
    {
      std::lock_guard lock(mutex_);
      tasks_.push(task);
    }
    changed_.notify_one();
  }

 private:
  void Work() {
    for (;;) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
      if (tasks_.empty()) return;
      tasks_.pop();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::queue<int> tasks_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

void ConditionPoolFiveTasks(void*) {
  ConditionPool pool(2);
  for (int i = 0; i < 5; ++i) pool.Submit(i);
}

void atomics_3x20(benchmark::State& state) {
  RandomlyExplore(state, ThreeThreadsTwentyAtomics);
}
BENCHMARK(atomics_3x20);

void lost_wakeup(benchmark::State& state) {
  RandomlyExplore(state, LostWakeup);
}
BENCHMARK(lost_wakeup);

void condition_pool_2x5(benchmark::State& state) {
  RandomlyExplore(state, ConditionPoolFiveTasks);
}
BENCHMARK(condition_pool_2x5);

// What tools that keep kernel threads pay for every step: a hand-off of the
// baton by futex. Two hand-offs an iteration.
void futex_hand_off(benchmark::State& state) {
  std::binary_semaphore to(0);
  std::binary_semaphore back(0);
  std::atomic<bool> done{false};
  std::thread other([&] {
    for (;;) {
      to.acquire();
      if (done) return;
      back.release();
    }
  });
  for (auto _ : state) {
    to.release();
    back.acquire();
  }
  done = true;
  to.release();
  other.join();
  state.SetItemsProcessed(state.iterations() * 2);
}
BENCHMARK(futex_hand_off)->UseRealTime();

}  // namespace
}  // namespace reveille::explore

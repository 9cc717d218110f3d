// The workloads that every pool can do, as templates over its adapter; bench.h
// says what an adapter has. One benchmark iteration is one operation, so that
// the time shown is that of one task, wake or round trip.
//
// Where a pool may run a task inside the call that submits it, the counter
// inline% says how often it did: that is less work than was asked for.
#ifndef REVEILLE_SCHEDULER_BENCH_WORKLOADS_H_
#define REVEILLE_SCHEDULER_BENCH_WORKLOADS_H_

#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "bench.h"

namespace reveille::bench {

inline constexpr int64_t kSpawns = 1'000'000;
inline constexpr int kTreeDepth = 20;
inline constexpr int64_t kChain = 200'000;
inline constexpr int kFan = 64;
inline constexpr int kFanRounds = 5'000;
// fib(27), a spawn for each call that is not a leaf.
inline constexpr int kFib = 27;
inline constexpr int64_t kFibResult = 196'418;
inline constexpr int64_t kFibSpawns = 317'810;
inline constexpr int kWakes = 2'000;
inline constexpr int64_t kWakePeriodNs = 200'000;

// timer_churn: two tasks, each with timers of its own that never come due.
inline constexpr int kTimers = 512;
inline constexpr int64_t kChurns = 100'000;
// netpoll_echo: pairs of stream sockets, messages of 64 bytes.
inline constexpr int kEchoPairs = 16;
inline constexpr int kEchoRounds = 2'000;
inline constexpr int kEchoBytes = 64;

// A non-blocking socketpair; whoever takes the descriptors closes them.
struct SocketPair {
  SocketPair() {
    const int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    if (socketpair(AF_UNIX, type, 0, fds) != 0) std::abort();
  }
  int fds[2];
};

// Calls churn(timer, after, stop) kChurns times: seven times of eight a timer
// is moved to between one and two minutes from now, else it is stopped.
template <typename F>
void ForEachChurn(uint64_t seed, F churn) {
  for (int64_t i = 0; i < kChurns; ++i) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    const auto random = static_cast<uint32_t>(seed >> 32);
    churn(static_cast<int>(random % kTimers),
          std::chrono::minutes(1) + std::chrono::milliseconds(random % 60'000),
          random >> 29 == 0);
  }
}

// A pool whose threads exist and have gone idle once.
template <class Adapter>
struct Ready {
  Adapter pool{Workers()};
  Cost cost;

  Ready() {
    Gate gate;
    pool.Submit([&gate] { gate.Arrive(); });
    gate.Await();
    SleepUntilNs(NowNs() + 5'000'000);
  }
  void Report(benchmark::State& state) {
    cost.Report(state);
    if constexpr (requires { pool.ReportStats(state); }) {
      pool.ReportStats(state);
    }
  }
};

inline void ReportInline(benchmark::State& state, uint64_t ran_inline) {
  state.counters["inline%"] = 100.0 * static_cast<double>(ran_inline) /
                              static_cast<double>(state.iterations());
}

// A million empty closures from the main thread, until the last has run.
template <class Adapter>
void SpawnOutside(benchmark::State& state) {
  Ready<Adapter> ready;
  const uint64_t mine = RanTally::OfThisThread();
  while (state.KeepRunningBatch(kSpawns)) {
    const uint64_t goal = RanTally::Total() + kSpawns;
    for (int64_t i = 0; i < kSpawns; ++i) {
      ready.pool.Submit([] { RanTally::Add(); });
    }
    RanTally::AwaitTotal(goal);
  }
  ReportInline(state, RanTally::OfThisThread() - mine);
  ready.Report(state);
}

// A million empty closures from one task.
template <class Adapter>
void SpawnInside(benchmark::State& state) {
  Ready<Adapter> ready;
  std::atomic<uint64_t> ran_inline{0};
  while (state.KeepRunningBatch(kSpawns)) {
    const uint64_t goal = RanTally::Total() + kSpawns;
    ready.pool.Submit([&ready, &ran_inline] {
      const uint64_t mine = RanTally::OfThisThread();
      for (int64_t i = 0; i < kSpawns; ++i) {
        ready.pool.Spawn([] { RanTally::Add(); });
      }
      ran_inline += RanTally::OfThisThread() - mine;
    });
    RanTally::AwaitTotal(goal);
  }
  ReportInline(state, ran_inline);
  ready.Report(state);
}

// A binary tree: each node spawns two, and the second child to end tells its
// own parent, up to the root. Nodes are numbered as in a heap.
template <class Adapter>
class Tree {
 public:
  explicit Tree(Adapter* pool)
      : pool_(pool), second_(new std::atomic<uint8_t>[kFirstLeaf]) {
    for (uint32_t i = 0; i < kFirstLeaf; ++i) second_[i] = 0;
  }
  static constexpr int64_t kTasks = (int64_t{2} << kTreeDepth) - 2;

  void Run() {
    Gate done;
    done_ = &done;
    pool_->Submit([this] { Node(1); });
    done.Await();
  }

 private:
  static constexpr uint32_t kFirstLeaf = 1u << kTreeDepth;

  void Node(uint32_t i) {
    if (i >= kFirstLeaf) return Ended(i);
    pool_->Spawn([this, i] { Node(2 * i); });
    pool_->Spawn([this, i] { Node(2 * i + 1); });
  }
  void Ended(uint32_t i) {
    for (i /= 2; i != 0; i /= 2) {
      // The first flips it to 1, the second back to 0: ready for the next run.
      if (second_[i].fetch_xor(1) == 0) return;
    }
    done_->Arrive();
  }

  Adapter* pool_;
  std::unique_ptr<std::atomic<uint8_t>[]> second_;
  Gate* done_ = nullptr;
};

template <class Adapter>
void ForkJoin(benchmark::State& state) {
  Ready<Adapter> ready;
  Tree<Adapter> tree(&ready.pool);
  while (state.KeepRunningBatch(Tree<Adapter>::kTasks)) tree.Run();
  ready.Report(state);
}

// One chain of tasks, two kinds of them alternating: each spawns the other and
// ends.
template <class Adapter>
class PingPongChain {
 public:
  PingPongChain(Adapter* pool, int64_t length) : pool_(pool), left_(length) {}
  void Run() {
    pool_->Submit([this] { Ping(); });
    done_.Await();
  }

 private:
  void Ping() {
    if (left_-- == 0) return done_.Arrive();
    pool_->Spawn([this] { Pong(); });
  }
  void Pong() {
    if (left_-- == 0) return done_.Arrive();
    pool_->Spawn([this] { Ping(); });
  }
  Adapter* pool_;
  int64_t left_;
  Gate done_;
};

template <class Adapter>
void PingPong(benchmark::State& state) {
  Ready<Adapter> ready;
  while (state.KeepRunningBatch(kChain)) {
    PingPongChain<Adapter>(&ready.pool, kChain).Run();
  }
  ready.Report(state);
}

// Rounds of 64 tasks; the last of a round begins the next.
template <class Adapter>
class FanRounds {
 public:
  explicit FanRounds(Adapter* pool) : pool_(pool) {}
  void Run() {
    pool_->Submit([this] { Begin(); });
    done_.Await();
  }

 private:
  void Begin() {
    left_ = kFan;
    for (int i = 0; i < kFan; ++i) pool_->Spawn([this] { Task(); });
  }
  void Task() {
    if (left_.fetch_sub(1) != 1) return;
    if (--rounds_ == 0) return done_.Arrive();
    // As a task of its own: a pool that runs a task inline must not nest.
    pool_->Spawn([this] { Begin(); });
  }
  Adapter* pool_;
  int rounds_ = kFanRounds;
  std::atomic<int> left_{0};
  Gate done_;
};

template <class Adapter>
void FanOutIn(benchmark::State& state) {
  Ready<Adapter> ready;
  while (state.KeepRunningBatch(int64_t{kFan} * kFanRounds)) {
    FanRounds<Adapter>(&ready.pool).Run();
  }
  ready.Report(state);
}

// The same from the main thread, which sleeps until the last has run.
template <class Adapter>
void FanOutInOutside(benchmark::State& state) {
  Ready<Adapter> ready;
  while (state.KeepRunningBatch(kFan)) {
    Gate done(kFan);
    for (int i = 0; i < kFan; ++i)
      ready.pool.Submit([&done] { done.Arrive(); });
    done.Await();
  }
  ready.Report(state);
}

// Two tasks that submit themselves again.
template <class Adapter>
void Resubmit(benchmark::State& state) {
  struct alignas(64) Chain {
    Adapter* pool;
    Gate* done;
    int64_t left;
    void Step() {
      if (--left == 0) return done->Arrive();
      pool->Spawn([this] { Step(); });
    }
  };
  Ready<Adapter> ready;
  while (state.KeepRunningBatch(2 * kChain)) {
    Gate done(2);
    Chain chains[2] = {{&ready.pool, &done, kChain},
                       {&ready.pool, &done, kChain}};
    for (Chain& chain : chains) {
      ready.pool.Submit([&chain] { chain.Step(); });
    }
    done.Await();
  }
  ready.Report(state);
}

// A task every 200 us to a pool that has gone idle: from before the call to the
// task's first statement.
template <class Adapter>
void WakeIdle(benchmark::State& state) {
  Ready<Adapter> ready;
  std::vector<double> latencies;
  std::atomic<int64_t> began{0};
  int64_t next = NowNs();
  for (auto _ : state) {
    next += kWakePeriodNs;
    SleepUntilNs(next);
    began = 0;
    const int64_t before = NowNs();
    ready.pool.Submit([&began] { began = NowNs(); });
    int64_t after;
    while ((after = began) == 0) SleepUntilNs(NowNs() + 20'000);
    latencies.push_back(static_cast<double>(after - before));
    state.SetIterationTime(static_cast<double>(after - before) * 1e-9);
    next = std::max(next, NowNs() - kWakePeriodNs / 2);
  }
  state.counters["p50_ns"] = Percentile(&latencies, 0.50);
  state.counters["p99_ns"] = Percentile(&latencies, 0.99);
  ready.Report(state);
}

// The time shown is processor time of the pool's threads in an idle second.
template <class Adapter>
void IdleCpu(benchmark::State& state) {
  Ready<Adapter> ready;
  SleepUntilNs(NowNs() + 50'000'000);
  for (auto _ : state) {
    const int64_t before = OtherThreadsCpuNs();
    SleepUntilNs(NowNs() + 1'000'000'000);
    state.SetIterationTime(static_cast<double>(OtherThreadsCpuNs() - before) *
                           1e-9);
  }
}

template <class Adapter>
void RegisterCommon() {
  const char* name = Adapter::kName;
  Register("spawn_outside", name, &SpawnOutside<Adapter>);
  Register("spawn_inside", name, &SpawnInside<Adapter>);
  Register("fork_join", name, &ForkJoin<Adapter>);
  Register("ping_pong", name, &PingPong<Adapter>);
  Register("fan_out_in", name, &FanOutIn<Adapter>);
  Register("fan_out_in_outside", name, &FanOutInOutside<Adapter>);
  Register("resubmit", name, &Resubmit<Adapter>);
  RegisterManual("wake_idle", name, kWakes, &WakeIdle<Adapter>);
  RegisterManual("idle_cpu", name, 1, &IdleCpu<Adapter>);
}

}  // namespace reveille::bench

#endif  // REVEILLE_SCHEDULER_BENCH_WORKLOADS_H_

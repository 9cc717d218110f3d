// Reveille's own scheduler.
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

#include "bench.h"
#include "reveille/scheduler.h"
#include "workloads.h"

namespace reveille::bench {
namespace {

class Mpg {
 public:
  static constexpr const char* kName = "mpg";

  explicit Mpg(int workers) {
    auto created = Scheduler::Create({.procs = workers});
    if (!created.ok()) {
      std::fprintf(stderr, "%s\n", created.status().ToString().c_str());
      std::abort();
    }
    scheduler_ = *std::move(created);
    before_ = scheduler_->GetStats();
  }

  template <typename F>
  void Submit(F&& f) {
    (void)scheduler_->Spawn(std::forward<F>(f));
  }
  template <typename F>
  void Spawn(F&& f) {
    (void)scheduler_->Spawn(std::forward<F>(f));
  }
  Scheduler& scheduler() { return *scheduler_; }

  void ReportStats(benchmark::State& state) {
    const Stats now = scheduler_->GetStats();
    const auto per_op = [&state](uint64_t count) {
      return static_cast<double>(count) /
             static_cast<double>(state.iterations());
    };
    state.counters["futex/op"] = per_op(now.futex_wakes - before_.futex_wakes);
    state.counters["wakes/op"] = per_op(now.wakes - before_.wakes);
    state.counters["futile/op"] =
        per_op(now.futile_wakes - before_.futile_wakes);
  }

 private:
  std::unique_ptr<Scheduler> scheduler_;
  Stats before_;
};

Task<int64_t> Fib(Scheduler* scheduler, int n);

Task<> FibInto(Scheduler* scheduler, int n, int64_t* result) {
  *result = co_await Fib(scheduler, n);
}

Task<int64_t> Fib(Scheduler* scheduler, int n) {
  if (n < 2) co_return n;
  int64_t a = 0;
  auto left = scheduler->SpawnJoinable(FibInto(scheduler, n - 1, &a));
  const int64_t b = co_await Fib(scheduler, n - 2);
  co_await left->Join();
  co_return a + b;
}

void ForkJoinNative(benchmark::State& state) {
  Ready<Mpg> ready;
  while (state.KeepRunningBatch(kFibSpawns)) {
    int64_t result = 0;
    auto root = ready.pool.scheduler().SpawnJoinable(
        FibInto(&ready.pool.scheduler(), kFib, &result));
    root->Join().Block();
    if (result != kFibResult) state.SkipWithError("wrong result");
  }
  ready.Report(state);
}

Task<> FanRoundsNative(Scheduler* scheduler, WaitGroup* group) {
  for (int round = 0; round < kFanRounds; ++round) {
    group->Add(kFan);
    for (int i = 0; i < kFan; ++i) {
      (void)scheduler->Spawn([group] {
        RanTally::Add();
        group->Done();
      });
    }
    co_await group->Wait();
  }
}

void FanOutInNative(benchmark::State& state) {
  WaitGroup group;  // Outlives the pool: the last Done() may still be running.
  Ready<Mpg> ready;
  Scheduler& scheduler = ready.pool.scheduler();
  while (state.KeepRunningBatch(int64_t{kFan} * kFanRounds)) {
    scheduler.SpawnJoinable(FanRoundsNative(&scheduler, &group))
        ->Join()
        .Block();
  }
  ready.Report(state);
}

Task<> TakeTurns(Semaphore* mine, Semaphore* theirs, Gate* done) {
  for (int64_t i = 0; i < kChain / 2; ++i) {
    co_await mine->Acquire();
    theirs->Release();
  }
  done->Arrive();
}

// Two coroutines that wake each other: an operation is one turn.
void PingPongPark(benchmark::State& state) {
  Ready<Mpg> ready;
  while (state.KeepRunningBatch(kChain)) {
    Semaphore a(1), b(0);
    Gate done(2);
    ready.pool.Submit(TakeTurns(&a, &b, &done));
    ready.pool.Submit(TakeTurns(&b, &a, &done));
    done.Await();
  }
  ready.Report(state);
}

Task<> YieldMany(Gate* done) {
  for (int64_t i = 0; i < kChain; ++i) co_await Yield();
  done->Arrive();
}

// Two tasks for each worker give way to each other.
void YieldTurns(benchmark::State& state) {
  Ready<Mpg> ready;
  const int tasks = 2 * Workers();
  while (state.KeepRunningBatch(tasks * kChain)) {
    Gate done(tasks);
    for (int i = 0; i < tasks; ++i) ready.pool.Submit(YieldMany(&done));
    done.Await();
  }
  ready.Report(state);
}

void ChurnTimers(Scheduler* scheduler, Gate* done, uint64_t seed) {
  std::vector<std::unique_ptr<Timer>> timers;
  for (int i = 0; i < kTimers; ++i) {
    timers.push_back(std::make_unique<Timer>(scheduler, [] {}));
  }
  ForEachChurn(seed, [&](int timer, std::chrono::nanoseconds after, bool stop) {
    if (stop) {
      timers[timer]->Stop();
    } else {
      timers[timer]->Reset(Clock::now() + after);
    }
  });
  timers.clear();
  done->Arrive();
}

void TimerChurn(benchmark::State& state) {
  Ready<Mpg> ready;
  while (state.KeepRunningBatch(2 * kChurns)) {
    Gate done(2);
    for (uint64_t seed : {1, 2}) {
      ready.pool.Submit(
          [&, seed] { ChurnTimers(&ready.pool.scheduler(), &done, seed); });
    }
    done.Await();
  }
  ready.Report(state);
}

// Reads one message, first without waiting, as the peers do.
Task<ssize_t> ReadSome(int fd, char* buffer) {
  for (;;) {
    const ssize_t bytes = ::read(fd, buffer, kEchoBytes);
    if (bytes >= 0 || errno != EAGAIN) co_return bytes;
    co_await WaitReadable(fd);
  }
}

Task<> Echo(Scheduler* scheduler, int fd, Gate* done) {
  char buffer[kEchoBytes];
  for (;;) {
    const ssize_t bytes = co_await ReadSome(fd, buffer);
    if (bytes <= 0 || ::write(fd, buffer, bytes) != bytes) break;
  }
  scheduler->CloseFd(fd);
  done->Arrive();
}

Task<> Call(Scheduler* scheduler, int fd, Gate* done) {
  char buffer[kEchoBytes] = {};
  for (int round = 0; round < kEchoRounds; ++round) {
    if (::write(fd, buffer, sizeof buffer) != sizeof buffer) std::abort();
    if (co_await ReadSome(fd, buffer) != sizeof buffer) std::abort();
  }
  scheduler->CloseFd(fd);
  done->Arrive();
}

void NetpollEcho(benchmark::State& state) {
  Ready<Mpg> ready;
  Scheduler* scheduler = &ready.pool.scheduler();
  while (state.KeepRunningBatch(int64_t{kEchoPairs} * kEchoRounds)) {
    Gate done(2 * kEchoPairs);
    for (int i = 0; i < kEchoPairs; ++i) {
      const SocketPair pair;
      ready.pool.Submit(Echo(scheduler, pair.fds[0], &done));
      ready.pool.Submit(Call(scheduler, pair.fds[1], &done));
    }
    done.Await();
  }
  ready.Report(state);
}

// Into a section and out again around the shortest of system calls.
template <BlockingSection::Expect kExpect>
void BlockingRoundTrip(benchmark::State& state) {
  Ready<Mpg> ready;
  while (state.KeepRunningBatch(kChain)) {
    Gate done;
    ready.pool.Submit([&done] {
      for (int64_t i = 0; i < kChain; ++i) {
        BlockingSection blocking(kExpect);
        benchmark::DoNotOptimize(::getppid());
      }
      done.Arrive();
    });
    done.Await();
  }
  ready.Report(state);
}

[[maybe_unused]] const bool registered = [] {
  using Expect = BlockingSection::Expect;
  RegisterCommon<Mpg>();
  Register("fork_join_native", Mpg::kName, &ForkJoinNative);
  Register("fan_out_in_native", Mpg::kName, &FanOutInNative);
  Register("ping_pong_park", Mpg::kName, &PingPongPark);
  Register("yield", Mpg::kName, &YieldTurns);
  Register("timer_churn", Mpg::kName, &TimerChurn);
  Register("netpoll_echo", Mpg::kName, &NetpollEcho);
  Register("blocking_short", Mpg::kName, &BlockingRoundTrip<Expect::kShort>);
  Register("blocking_long", Mpg::kName, &BlockingRoundTrip<Expect::kLong>);
  return true;
}();

}  // namespace
}  // namespace reveille::bench

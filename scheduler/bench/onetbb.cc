// oneTBB: an arena without a place for the main thread. From outside tasks are
// enqueued, from inside they go to a task_group, as its users would do it.
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>

#include <utility>

#include "bench.h"
#include "workloads.h"

namespace reveille::bench {
namespace {

class OneTbb {
 public:
  static constexpr const char* kName = "onetbb";

  // The limit counts the main thread, which does not work here.
  explicit OneTbb(int workers)
      : limit_(tbb::global_control::max_allowed_parallelism, workers + 1),
        arena_(workers, /*reserved_for_masters=*/0) {}
  ~OneTbb() {
    arena_.execute([this] { group_.wait(); });
  }

  template <typename F>
  void Submit(F&& f) {
    arena_.enqueue(std::forward<F>(f));
  }
  template <typename F>
  void Spawn(F&& f) {
    group_.run(std::forward<F>(f));
  }

 private:
  tbb::global_control limit_;
  tbb::task_arena arena_;
  tbb::task_group group_;
};

int64_t Fib(int n) {
  if (n < 2) return n;
  int64_t a = 0;
  tbb::task_group group;
  group.run([&a, n] { a = Fib(n - 1); });
  const int64_t b = Fib(n - 2);
  group.wait();
  return a + b;
}

void ForkJoinNative(benchmark::State& state) {
  Ready<OneTbb> ready;
  while (state.KeepRunningBatch(kFibSpawns)) {
    Gate done;
    int64_t result = 0;
    ready.pool.Submit([&] {
      result = Fib(kFib);
      done.Arrive();
    });
    done.Await();
    if (result != kFibResult) state.SkipWithError("wrong result");
  }
  ready.Report(state);
}

void FanOutInNative(benchmark::State& state) {
  Ready<OneTbb> ready;
  while (state.KeepRunningBatch(int64_t{kFan} * kFanRounds)) {
    Gate done;
    ready.pool.Submit([&done] {
      for (int round = 0; round < kFanRounds; ++round) {
        tbb::task_group group;
        for (int i = 0; i < kFan; ++i) group.run([] { RanTally::Add(); });
        group.wait();
      }
      done.Arrive();
    });
    done.Await();
  }
  ready.Report(state);
}

[[maybe_unused]] const bool registered = [] {
  RegisterCommon<OneTbb>();
  Register("fork_join_native", OneTbb::kName, &ForkJoinNative);
  Register("fan_out_in_native", OneTbb::kName, &FanOutInNative);
  return true;
}();

}  // namespace
}  // namespace reveille::bench

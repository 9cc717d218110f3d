// Go's runtime: go/main.go as a child process for each batch, under the same
// names. The child measures itself, so that its start is not counted.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include "bench.h"
#include "workloads.h"

namespace reveille::bench {
namespace {

struct GoResult {
  double seconds = 0;
  double p50_ns = 0;
  double p99_ns = 0;
};

// The name of the running benchmark comes with it; State does not tell.
template <size_t kSize>
struct Name {
  constexpr Name(const char (&text)[kSize]) {  // NOLINT: implicit on purpose
    for (size_t i = 0; i < kSize; ++i) chars[i] = text[i];
  }
  char chars[kSize];
};

bool RunGo(const std::string& workload, int64_t operations, GoResult* result) {
  const std::string program =
      std::filesystem::read_symlink("/proc/self/exe").string() + "_go";
  const std::string command = "'" + program + "' " + workload + " " +
                              std::to_string(Workers()) + " " +
                              std::to_string(operations);
  FILE* child = ::popen(command.c_str(), "r");
  if (child == nullptr) return false;
  const int fields =
      std::fscanf(child, " {\"seconds\":%lf,\"p50_ns\":%lf,\"p99_ns\":%lf}",
                  &result->seconds, &result->p50_ns, &result->p99_ns);
  return ::pclose(child) == 0 && fields == 3;
}

template <Name kWorkload, int64_t kOperations>
void RunBatches(benchmark::State& state) {
  while (state.KeepRunningBatch(kOperations)) {
    GoResult result;
    if (!RunGo(kWorkload.chars, kOperations, &result)) {
      state.SkipWithError("scheduler_bench_go failed");
      return;
    }
    state.SetIterationTime(result.seconds);
    if (result.p50_ns == 0) continue;
    state.counters["p50_ns"] = result.p50_ns;
    state.counters["p99_ns"] = result.p99_ns;
  }
}

template <Name kWorkload, int64_t kOperations>
void Add(int64_t iterations = 0) {
  RegisterManual(kWorkload.chars, "go", iterations,
                 &RunBatches<kWorkload, kOperations>);
}

[[maybe_unused]] const bool registered = [] {
  constexpr int64_t kTree = (int64_t{2} << kTreeDepth) - 2;
  Add<"spawn_outside", kSpawns>();
  Add<"spawn_inside", kSpawns>();
  Add<"fork_join", kTree>();
  Add<"fork_join_native", kFibSpawns>();
  Add<"ping_pong", kChain>();
  Add<"ping_pong_park", kChain>();
  Add<"fan_out_in_native", int64_t{kFan} * kFanRounds>();
  Add<"resubmit", 2 * kChain>();
  Add<"yield", 4 * kChain>();
  Add<"timer_churn", 2 * kChurns>();
  Add<"netpoll_echo", int64_t{kEchoPairs} * kEchoRounds>();
  Add<"blocking_short", kChain>();
  Add<"wake_idle", kWakes>(kWakes);
  Add<"idle_cpu", 1>(1);
  return true;
}();

}  // namespace
}  // namespace reveille::bench

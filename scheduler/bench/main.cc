// bin/scheduler_bench: Google Benchmark, names `workload/pool`.
//
//   scheduler_bench --benchmark_filter='^spawn_inside/'
//
// README.md beside this file says what each workload does.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench.h"

namespace {

// Shows `workload/pool` without "/real_time" and the like.
template <class Reporter>
class PlainNames final : public Reporter {
 public:
  using Reporter::Reporter;
  void ReportRuns(
      const std::vector<benchmark::BenchmarkReporter::Run>& runs) override {
    auto plain = runs;
    for (auto& run : plain) {
      run.run_name.time_type.clear();
      run.run_name.iterations.clear();
    }
    Reporter::ReportRuns(plain);
  }
};

bool Has(int argc, char** argv, std::string_view prefix) {
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]).starts_with(prefix)) return true;
  }
  return false;
}

// Takes --workers=N out of the arguments. False: it is no number from 1 to 64.
bool TakeWorkers(int* argc, char** argv) {
  constexpr std::string_view kFlag = "--workers=";
  for (int i = 1; i < *argc; ++i) {
    if (!std::string_view(argv[i]).starts_with(kFlag)) continue;
    const int workers = std::atoi(argv[i] + kFlag.size());
    if (workers < 1 || workers > 64) return false;
    reveille::bench::SetWorkers(workers);
    std::copy(argv + i + 1, argv + *argc + 1, argv + i);
    --*argc;
    --i;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (!TakeWorkers(&argc, argv)) {
    std::fprintf(stderr, "scheduler_bench: --workers takes 1 to 64\n");
    return 2;
  }
  const bool to_file = Has(argc, argv, "--benchmark_out=");
  const bool as_json = Has(argc, argv, "--benchmark_format=json");
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::AddCustomContext("workers",
                              std::to_string(reveille::bench::Workers()));

  using Console = benchmark::ConsoleReporter;
  PlainNames<Console> console(isatty(STDOUT_FILENO) ? Console::OO_ColorTabular
                                                    : Console::OO_Tabular);
  PlainNames<benchmark::JSONReporter> json, file;
  benchmark::BenchmarkReporter* display =
      as_json ? static_cast<benchmark::BenchmarkReporter*>(&json) : &console;
  const size_t ran = to_file ? benchmark::RunSpecifiedBenchmarks(display, &file)
                             : benchmark::RunSpecifiedBenchmarks(display);
  return ran == 0 ? 1 : 0;
}

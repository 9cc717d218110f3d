#include "bench.h"

#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <mutex>

namespace reveille::bench {
namespace {

int workers = 2;

struct Cells {
  // Never freed: a thread's count outlives it.
  struct alignas(64) Cell {
    std::atomic<uint64_t> count{0};
  };
  std::mutex mutex;
  std::vector<std::unique_ptr<Cell>> all;
};

Cells& TheCells() {
  static Cells& cells = *new Cells;
  return cells;
}

int64_t ReadNs(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * int64_t{1'000'000'000} + now.tv_nsec;
}

int64_t VoluntarySwitches() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_nvcsw;
}

}  // namespace

int Workers() { return workers; }
void SetWorkers(int n) { workers = n; }

int64_t NowNs() { return ReadNs(CLOCK_MONOTONIC); }
int64_t OtherThreadsCpuNs() {
  // The thread's clock first: what passes between the two counts as others'.
  const int64_t mine = ReadNs(CLOCK_THREAD_CPUTIME_ID);
  return ReadNs(CLOCK_PROCESS_CPUTIME_ID) - mine;
}

void SleepUntilNs(int64_t when_ns) {
  const timespec when = {when_ns / 1'000'000'000, when_ns % 1'000'000'000};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, nullptr);
}

std::atomic<uint64_t>* RanTally::NewCell() {
  Cells& cells = TheCells();
  std::lock_guard lock(cells.mutex);
  cells.all.push_back(std::make_unique<Cells::Cell>());
  return &cells.all.back()->count;
}

uint64_t RanTally::Total() {
  Cells& cells = TheCells();
  std::lock_guard lock(cells.mutex);
  uint64_t total = 0;
  for (const auto& cell : cells.all) total += cell->count.load();
  return total;
}

void RanTally::AwaitTotal(uint64_t total) {
  while (Total() < total) SleepUntilNs(NowNs() + 20'000);
}

Cost::Cost() : switches_(VoluntarySwitches()) {}

void Cost::Report(benchmark::State& state) const {
  state.counters["switches/op"] =
      static_cast<double>(VoluntarySwitches() - switches_) /
      static_cast<double>(state.iterations());
}

double Percentile(std::vector<double>* values, double p) {
  if (values->empty()) return NAN;
  const auto index =
      static_cast<ptrdiff_t>(p * static_cast<double>(values->size() - 1));
  std::nth_element(values->begin(), values->begin() + index, values->end());
  return (*values)[index];
}

void Register(const std::string& workload, const std::string& pool,
              void (*run)(benchmark::State&)) {
  benchmark::RegisterBenchmark((workload + "/" + pool).c_str(), run)
      ->UseRealTime();
}

void RegisterManual(const std::string& workload, const std::string& pool,
                    int64_t iterations, void (*run)(benchmark::State&)) {
  auto* added =
      benchmark::RegisterBenchmark((workload + "/" + pool).c_str(), run)
          ->UseManualTime();
  if (iterations > 0) added->Iterations(iterations);
}

}  // namespace reveille::bench

// What every workload is made of: where tasks count, where the main thread
// waits, and what a run cost.
//
// A workload is a template over a pool's adapter, so that no pool pays for a
// type erasure that its users would not pay for. An adapter has
//
//   explicit Adapter(int workers);
//   void Submit(F);            from the main thread, which is no worker
//   void Spawn(F);             from a task
//   static constexpr const char* kName;
//
// and whatever else only some pools can do, as functions of their own file.
#ifndef REVEILLE_SCHEDULER_BENCH_BENCH_H_
#define REVEILLE_SCHEDULER_BENCH_BENCH_H_

#include <benchmark/benchmark.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

namespace reveille::bench {

// Threads that each pool gets; --workers=N.
int Workers();
void SetWorkers(int workers);

int64_t NowNs();
void SleepUntilNs(int64_t when_ns);
// Processor time of this process without the calling thread.
int64_t OtherThreadsCpuNs();

// Counts tasks, process-wide, in a cell per thread: a shared counter would be
// most of what an empty task costs. The sum is exact once all have run.
class RanTally {
 public:
  static void Add() {
    // Relaxed: the pool's own hand-over orders nothing that is read here but
    // the number itself, and each cell has one writer.
    std::atomic<uint64_t>& cell = Cell();
    cell.store(cell.load(std::memory_order_relaxed) + 1,
               std::memory_order_relaxed);
  }
  static uint64_t OfThisThread() { return Cell().load(); }
  static uint64_t Total();
  // Looks every 20 us: cheap beside the tens of milliseconds that a batch
  // takes, and it leaves both cores to the pool.
  static void AwaitTotal(uint64_t total);

 private:
  static std::atomic<uint64_t>& Cell() {
    thread_local std::atomic<uint64_t>& cell = *NewCell();
    return cell;
  }
  static std::atomic<uint64_t>* NewCell();
};

// Opens when `parties` have arrived; the main thread sleeps on it.
class Gate {
 public:
  explicit Gate(int parties = 1) : left_(parties) {}
  void Arrive() {
    if (left_.fetch_sub(1) == 1) {
      open_.store(1);
      open_.notify_one();
    }
  }
  void Await() { open_.wait(0); }

 private:
  std::atomic<int> left_;
  std::atomic<uint32_t> open_{0};
};

// From construction to Report(): context switches per operation, which any
// pool pays for its sleeping and waking, as a counter of the benchmark.
class Cost {
 public:
  Cost();
  void Report(benchmark::State& state) const;

 private:
  int64_t switches_;
};

double Percentile(std::vector<double>* values, double p);

// The name of the benchmark is `workload/pool`, nothing appended.
void Register(const std::string& workload, const std::string& pool,
              void (*run)(benchmark::State&));
// For those that call SetIterationTime().
void RegisterManual(const std::string& workload, const std::string& pool,
                    int64_t iterations, void (*run)(benchmark::State&));

}  // namespace reveille::bench

#endif  // REVEILLE_SCHEDULER_BENCH_BENCH_H_

// Chaos: disturbs the threads of this process on real hardware, without the
// code under test knowing. What it does can happen to every program: signals
// (profilers, Go's preemption), a busy machine, other scheduling parameters.
//
//   stall     A signal makes a random thread that runs, or could run, stay for
//             a random time at whatever instruction it is at.
//   affinity  A random thread may only use some of the processors for a while.
//   hogs      As many threads as processors compute and sleep in turn.
//   nice      A random thread gets another niceness for a while.
//   eintr     Stalls hit sleeping threads too and end their system calls with
//             EINTR. Not part of "all": a pool that does not expect signals is
//             allowed to fail with it.
//
// Stalls spare sleeping threads: a signal ends epoll_wait() and a timed futex
// wait whatever SA_RESTART says, and would wake the very thread whose lost
// wakeup we look for. Observer threads are never touched.
#ifndef REVEILLE_STRESS_CHAOS_H_
#define REVEILLE_STRESS_CHAOS_H_

#include <sched.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace reveille::stress {

struct ChaosOptions {
  bool stall = false;
  bool affinity = false;
  bool hogs = false;
  bool nice = false;
  bool eintr = false;
  uint64_t seed = 0;
  int max_stall_us = 5000;
  int period_us = 1500;  // Mean time from one disturbance to the next.

  bool Any() const { return stall || affinity || hogs || nice || eintr; }
  std::string ToString() const;  // As ParseChaos() reads it.
};

// "all", "none" or names from the list above with commas between them.
absl::StatusOr<ChaosOptions> ParseChaos(absl::string_view text);

struct ChaosCounts {
  uint64_t stalls = 0;
  uint64_t affinity_moves = 0;
  uint64_t renices = 0;
  int hogs = 0;
};

// At most one at a time in a process.
class Chaos {
 public:
  explicit Chaos(ChaosOptions options);
  // Ends the disturbance: waits for stalls in progress, gives the threads their
  // processors back, and their niceness where the kernel lets it.
  ~Chaos();
  Chaos(const Chaos&) = delete;
  Chaos& operator=(const Chaos&) = delete;

  ChaosCounts counts() const;

  // For the watchdog. Any thread, with or without a Chaos.
  static int StallsActive();
  // Grows when a stall is ordered, begins and ends.
  static uint64_t StallEpoch();
  // While held, no new stall begins.
  static void HoldStalls(bool hold);

 private:
  void Run();
  void Hog(uint64_t seed);
  void Disturb();
  void Stall();
  void MoveAffinity();
  void Renice();
  int PickThread();
  void RestoreAll();

  const ChaosOptions options_;
  std::mt19937_64 rng_;  // Controller thread only, as is all up to counts.
  cpu_set_t allowed_;
  std::vector<int> tids_;
  int picks_until_refresh_ = 0;
  std::map<int, bool> moved_;
  std::map<int, bool> reniced_;
  std::atomic<uint64_t> stalls_{0}, affinity_moves_{0}, renices_{0};
  std::atomic<bool> stop_{false};
  std::vector<std::thread> hogs_;
  std::thread controller_;
};

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_CHAOS_H_

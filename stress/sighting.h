// Sighting: all that the watchdog looks at, at one moment. The rules judge
// sightings and nothing else, so that they can be tested without threads.
#ifndef REVEILLE_STRESS_SIGHTING_H_
#define REVEILLE_STRESS_SIGHTING_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "stress/pools/pool.h"
#include "stress/thread_sample.h"

namespace reveille::stress {

struct TaskCounts {
  uint64_t submitted = 0;
  uint64_t started = 0;
  uint64_t finished = 0;
  // The three are read one after the other, so they may be askew while tasks
  // move; the rules only use them once they have stood still.
  uint64_t waiting() const {
    return submitted > started ? submitted - started : 0;
  }
  uint64_t running() const {
    return started > finished ? started - finished : 0;
  }
  bool operator==(const TaskCounts&) const = default;
};

struct Sighting {
  int64_t time_ns = 0;    // CLOCK_MONOTONIC.
  bool in_round = false;  // A scenario, or the end of a pool, goes on.
  TaskCounts tasks;       // As the Judge counts them.
  int parallelism = 0;    // Of the pool; 0: unknown.
  std::optional<PoolSnapshot> pool;  // White box, if it has one.
  int stalls_active = 0;             // Threads that chaos holds right now.
  uint64_t stall_epoch = 0;          // Stalls begun and ended so far.
  std::vector<ThreadSample> threads;
};

// How the threads behaved since the baseline.
struct ThreadMotion {
  int active = 0;   // Computed, as a running task would.
  int starved = 0;  // Wanted to run and was not let for long enough to show
                    // what it is about: it may be the one that will wake.
  int asleep = 0;
};

// Remembers each thread's processor time at the baseline.
class ThreadLedger {
 public:
  // `enough_ns`: processor time after which a thread in the middle of a submit
  // or of a wake would long have left it.
  explicit ThreadLedger(int64_t enough_ns) : enough_ns_(enough_ns) {}

  void Restart(const Sighting& baseline);
  ThreadMotion Since(const Sighting& now);

 private:
  const int64_t enough_ns_;
  int64_t baseline_ns_ = 0;
  std::map<int, int64_t> cpu_ns_;
};

// What the watchdog concludes, with the evidence.
struct Verdict {
  std::string verdict;
  std::string what;
  // The state without its accidents (numbers, times): equal for equal causes.
  std::string abstract_state;
  Sighting first;
  Sighting last;
  int sightings = 0;
};

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_SIGHTING_H_

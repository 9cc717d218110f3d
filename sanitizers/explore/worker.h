// A process that explores until it finds something or has done its part.
#ifndef REVEILLE_SANITIZERS_EXPLORE_WORKER_H_
#define REVEILLE_SANITIZERS_EXPLORE_WORKER_H_

#include "campaign.h"
#include "trial.h"

namespace reveille::explore {

// Estimates how many different values it was shown (HyperLogLog).
class DistinctCounter {
 public:
  void Add(uint64_t value);
  void Merge(const DistinctCounter& other);
  uint64_t Estimate() const;

 private:
  static constexpr int kBits = 12;
  uint8_t registers_[1 << kBits] = {};
};

// What a worker tells the zygote; in shared memory, one per job. Read while
// the worker writes only for progress; otherwise after its end.
struct WorkerPage {
  uint64_t next_unit = 0;   // the first unit that this job has not begun
  uint64_t first_unit = 0;  // that this process has begun
  uint64_t executions = 0;
  uint64_t steps = 0;
  uint64_t longest = 0;
  uint64_t starved = 0;
  uint64_t cpu = 0;  // nanoseconds of processor time
  DistinctCounter distinct;
  bool finished = false;  // all units done, or time is up
  bool found = false;
  bool lens_error = false;
  char message[512] = {};  // of a lens error
  char completeness[160] = {};
  Outcome outcome;         // of what was found
  uint64_t execution = 0;  // its number
  uint64_t found_at = 0;   // MonotonicNanoseconds
  size_t choice_count = 0;
};

struct Assignment {
  const Config* config;
  Program program;
  int job;
  uint64_t deadline;  // MonotonicNanoseconds; 0: none
  uint64_t most_cpu;  // of WorkerPage::cpu; 0: no limit
  WorkerPage* page;
  Choice* choices;  // shared memory for kMostChoices
};

// Runs in the worker's process.
void Work(const Assignment& assignment);

uint64_t UnitsOf(const Config& config);

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_WORKER_H_

// Priorities of threads, as the priority-based strategies share them.
#ifndef REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_PRIORITIES_H_
#define REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_PRIORITIES_H_

#include "../random.h"
#include "../strategy.h"

namespace reveille::explore {

// A thread gets a random priority when it is first seen, which makes every
// order of threads equally likely however many there will be. Threads that
// yield or were held back as spinners sink below all others: whoever runs
// first would otherwise wait for ever for somebody who never runs.
class Priorities {
 public:
  void Reset(Random* random) {
    random_ = random;
    known_ = 0;
    sunk_ = 0;
  }

  // The option of the highest thread in at.threads.
  uint32_t Highest(const ChoicePoint& at);
  int HighestThread(uint64_t threads, const PendingEvent* pending);

  // Below all threads with a random priority; the larger `level` the higher.
  void Lower(int thread, int64_t level) { priority_[thread] = level; }
  void Sink(int thread) { priority_[thread] = -++sunk_; }

 private:
  // Admits new threads and sinks those that spin.
  void Update(uint64_t threads, const PendingEvent* pending);

  Random* random_ = nullptr;
  uint64_t known_ = 0;
  int64_t sunk_ = 0;
  int64_t priority_[kMaxThreads + 1] = {};
  uint32_t held_[kMaxThreads + 1] = {};
};

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_PRIORITIES_H_

#include "stress/sighting.h"

#include <algorithm>

namespace reveille::stress {

void ThreadLedger::Restart(const Sighting& baseline) {
  baseline_ns_ = baseline.time_ns;
  cpu_ns_.clear();
  for (const ThreadSample& t : baseline.threads) cpu_ns_[t.tid] = t.cpu_ns;
}

ThreadMotion ThreadLedger::Since(const Sighting& now) {
  // A thread that wakes by the clock, looks and sleeps again gains little: a
  // tenth of the time tells it from one that computes.
  const int64_t busy_ns =
      std::max(enough_ns_, (now.time_ns - baseline_ns_) / 10);
  ThreadMotion motion;
  for (const ThreadSample& t : now.threads) {
    // A thread that appeared since is measured from its first sample on.
    const int64_t base_ns = cpu_ns_.try_emplace(t.tid, t.cpu_ns).first->second;
    const int64_t gained_ns = t.cpu_ns - base_ns;
    if (t.state == 'S') {
      ++(gained_ns >= busy_ns ? motion.active : motion.asleep);
    } else if (t.state == 'R' && gained_ns >= enough_ns_) {
      ++motion.active;
    } else {
      ++motion.starved;
    }
  }
  return motion;
}

}  // namespace reveille::stress

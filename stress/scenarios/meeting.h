// Meeting: as many tasks as fit, none of which goes on before all have come.
// Each keeps its worker busy meanwhile, so that the meeting needs that many
// workers at the same time: one that sleeps on runnable work is a hang.
#ifndef REVEILLE_STRESS_SCENARIOS_MEETING_H_
#define REVEILLE_STRESS_SCENARIOS_MEETING_H_

#include <atomic>

#include "stress/scenarios/pace.h"

namespace reveille::stress {

class Meeting {
 public:
  Meeting(const Round& round, int size) : tiny_(round.tiny()), size_(size) {}

  void Arrive() {
    arrived_.fetch_add(1);
    SpinUntil(tiny_, [this] { return Complete(); });
  }
  bool Complete() const { return arrived_.load() >= size_; }

 private:
  const bool tiny_;
  const int size_;
  std::atomic<int> arrived_{0};
};

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_SCENARIOS_MEETING_H_

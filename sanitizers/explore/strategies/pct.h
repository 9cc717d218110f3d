// Probabilistic concurrency testing: priorities, changed at a few points.
//
// The thread of highest priority runs. At depth-1 points, drawn uniformly over
// the length of the execution, the running thread falls below all others. A
// bug that needs `depth` ordering constraints is met with probability at least
// 1 / (threads * length^(depth-1)). The length is not known beforehand: half
// of the time the last one is taken, otherwise one from a wide range.
#ifndef REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_PCT_H_
#define REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_PCT_H_

#include "priorities.h"

namespace reveille::explore {

class Pct final : public Strategy {
 public:
  static constexpr int kDeepest = 16;

  explicit Pct(int depth)
      : depth_(depth < 1          ? 1
               : depth > kDeepest ? kDeepest
                                  : depth) {}

  bool Begin(uint64_t key) override;
  uint32_t Choose(const ChoicePoint& at) override;
  void End(const ExecutionSummary& summary) override;

 private:
  uint32_t GuessLength();

  int depth_;
  Random random_;
  Priorities priorities_;
  uint32_t points_ = 0;  // choices between threads so far
  uint32_t last_length_ = 32;
  uint32_t longest_ = 32;
  uint32_t change_at_[kDeepest] = {};
};

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_PCT_H_

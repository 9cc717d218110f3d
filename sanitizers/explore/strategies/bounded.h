// Depth-first search, preemption-bounded: first every schedule without a
// preemption, then all with at most one, and so on up to the limit.
//
// A preemption is a switch away from a thread that could go on and does not
// yield; most concurrency bugs need very few. Random values of the program are
// not enumerated: they are always 0.
#ifndef REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_BOUNDED_H_
#define REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_BOUNDED_H_

#include "../buffer.h"
#include "../strategy.h"

namespace reveille::explore {

class Bounded final : public Strategy {
 public:
  explicit Bounded(int preemptions);

  bool Begin(uint64_t key) override;
  uint32_t Choose(const ChoicePoint& at) override;
  void End(const ExecutionSummary& summary) override;

  // All schedules up to the limit have been seen.
  bool complete() const { return complete_; }
  uint64_t schedules() const { return schedules_; }
  int preemptions() const { return bound_; }
  // The program did not repeat a prefix; then nothing is complete.
  bool diverged() const { return diverged_; }

 private:
  // One choice of the current schedule.
  struct Node {
    uint64_t threads;  // as shown; 0 for other choices
    uint32_t count;
    uint32_t tried;        // options tried before the current one
    uint32_t preemptions;  // spent before this choice
    uint8_t running;
    Tag tag;
    bool may_switch_free;  // the running thread cannot go on, or yields
    bool hopeless;         // only the first option: the other is known to end
                           // nowhere
  };

  static uint32_t OptionAt(const Node& node, uint32_t position);
  static bool Fits(const Node& node, const ChoicePoint& at);
  static bool Costs(const Node& node, uint32_t position);
  uint32_t PositionsOf(const Node& node) const;
  void Push(const ChoicePoint& at);
  bool Advance();

  int limit_;
  int bound_ = 0;
  uint64_t schedules_ = 0;  // under the current bound
  bool complete_ = false;
  bool diverged_ = false;
  size_t depth_ = 0;
  Buffer<Node> nodes_;
};

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_BOUNDED_H_

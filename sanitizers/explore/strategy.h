// How choices are made. A strategy is three methods; one file each in
// strategies/. All calls come from the kernel thread that explores.
#ifndef REVEILLE_SANITIZERS_EXPLORE_STRATEGY_H_
#define REVEILLE_SANITIZERS_EXPLORE_STRATEGY_H_

#include <stddef.h>
#include <stdint.h>

#include "choice.h"

namespace reveille::explore {

// What a strategy may learn from the execution that just ended.
struct ExecutionSummary {
  uint64_t steps = 0;
  uint64_t hash = 0;   // equal for equal sequences of visible operations
  bool novel = false;  // no execution before it in this unit had this hash
};

class Strategy {
 public:
  virtual ~Strategy() = default;

  // Prepares for the execution that `key` decides. False when there is nothing
  // left to explore; then no execution takes place.
  virtual bool Begin(uint64_t key) = 0;

  // An option below at.count. Must depend on nothing but the key and what it
  // was shown before.
  virtual uint32_t Choose(const ChoicePoint& at) = 0;

  virtual void End(const ExecutionSummary& summary) = 0;
};

struct StrategyLimits {
  int preemptions = 2;  // of the preemption-bounded search
  int depth = 3;        // of PCT: priority changes + 1
};

// The strategies by name: random, few, pct, pos, surw, surw-pos, bounded,
// portfolio. Returns null for a name it does not know. Freed with
// DestroyStrategy.
Strategy* CreateStrategy(const char* name, const StrategyLimits& limits);
void DestroyStrategy(Strategy* strategy);

// A search that is finished can say so: "complete: all N schedules with at
// most c preemptions". Null where it does not apply.
const char* CompletenessOf(Strategy* strategy);

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_STRATEGY_H_

// Strategies by name.
#include <stdio.h>
#include <string.h>

#include "bounded.h"
#include "portfolio.h"

namespace reveille::explore {
namespace {

// Which one of them is a bounded search; there is no RTTI in the runtime.
constinit Strategy* g_bounded = nullptr;
char g_completeness[160];

}  // namespace

Strategy* CreateStrategy(const char* name, const StrategyLimits& limits) {
  if (strcmp(name, "random") == 0) return new RandomWalk;
  if (strcmp(name, "pct") == 0) return new Pct(limits.depth);
  if (strcmp(name, "pos") == 0) return new Pos;
  if (strcmp(name, "few") == 0) {
    return new FewPreemptions(limits.preemptions, nullptr);
  }
  if (strcmp(name, "surw") == 0) {
    return new Surw(Surw::Rest::kThreadPriorities, 1);
  }
  if (strcmp(name, "surw-pos") == 0) {
    return new Surw(Surw::Rest::kOperationPriorities, 3);
  }
  if (strcmp(name, "portfolio") == 0) return new Portfolio;
  if (strcmp(name, "bounded") != 0) return nullptr;
  g_bounded = new Bounded(limits.preemptions);
  return g_bounded;
}

void DestroyStrategy(Strategy* strategy) {
  if (strategy == g_bounded) g_bounded = nullptr;
  delete strategy;
}

const char* CompletenessOf(Strategy* strategy) {
  if (strategy == nullptr || strategy != g_bounded) return nullptr;
  const Bounded* bounded = static_cast<Bounded*>(strategy);
  const unsigned long long schedules = bounded->schedules();
  if (bounded->diverged()) {
    return "not complete: the program does not repeat what it did before";
  }
  snprintf(g_completeness, sizeof g_completeness,
           bounded->complete()
               ? "complete: all %llu schedules with at most %d preemptions"
               : "not complete: %llu schedules with at most %d preemptions",
           schedules, bounded->preemptions());
  return g_completeness;
}

}  // namespace reveille::explore

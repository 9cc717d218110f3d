// ScenarioOracle: judges a pool and its tasks at moments when nobody can run.
//
// Time is about to leap, or nothing will ever happen again: whatever is not
// done by now was not going to be done. So one look is a proof:
//   - submitted tasks that have not begun, while fewer tasks run than the pool
//     has workers;
//   - a pool with white-box statistics has idle workers and runnable tasks, and
//     nobody searches or is between wake and run;
//   - or its earliest timer is past due, and a worker is idle.
// With rescuers these are noted, and judged when work goes on all the same
// (then the clock has rescued it) or when nothing ever goes on.
#ifndef REVEILLE_STRESS_EXPLORE_SCENARIO_ORACLE_H_
#define REVEILLE_STRESS_EXPLORE_SCENARIO_ORACLE_H_

#include <cstdint>
#include <string>

#include "sanitizers/explore/oracle.h"
#include "stress/oracles/oracle.h"
#include "stress/pools/pool.h"

namespace reveille::stress {

class ScenarioOracle final : public explore::Oracle {
 public:
  explicit ScenarioOracle(bool rescuers) : rescuers_(rescuers) {}

  // By the body, inside an execution. Both outlive the watch; LookAway() ends
  // it.
  void Watch(const Judge* judge, const Pool* pool);
  void LookAway();
  // There is a second pool: which one has the idle worker cannot be told by
  // counting tasks.
  void OnlyWhiteBox() { count_tasks_ = false; }
  // "" or what was noted before work went on.
  const char* Rescued() const;

  explore::Judgement AtQuiescence() override;
  explore::Judgement WhenStuck() override;
  explore::Judgement AtEnd() override { return {}; }
  // The P of a thread, for stories; of pools with white-box statistics.
  int WorkerOf(int thread) override;
  // Of pools with white-box statistics.
  uint64_t State() override;

 private:
  std::string Symptom() const;
  explore::Judgement Tell(explore::Verdict verdict, const std::string& what);

  const bool rescuers_;
  // Reset by Watch(): an execution may have ended in the middle.
  const Judge* judge_ = nullptr;
  const Pool* pool_ = nullptr;
  bool count_tasks_ = true;
  bool noted_ = false;
  uint64_t started_when_noted_ = 0;
  char message_[512] = {};
};

// The lens's name for what a Judge complained about.
explore::Verdict VerdictOf(const Failure& failure);

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_EXPLORE_SCENARIO_ORACLE_H_

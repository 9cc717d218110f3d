// ConcurrencyOracle: at most so many tasks run at the same time.
#ifndef REVEILLE_STRESS_ORACLES_CONCURRENCY_ORACLE_H_
#define REVEILLE_STRESS_ORACLES_CONCURRENCY_ORACLE_H_

#include <atomic>

#include "absl/strings/string_view.h"
#include "stress/oracles/oracle.h"

namespace reveille::stress {

class ConcurrencyOracle {
 public:
  // `what` names the tasks in the failure. A literal.
  ConcurrencyOracle(Judge* judge, absl::string_view what, int limit)
      : judge_(judge), what_(what), limit_(limit) {}

  void Enter();
  void Leave() { running_.fetch_sub(1); }
  // While no task is inside.
  void SetLimit(int limit) { limit_.store(limit); }

 private:
  Judge* const judge_;
  const absl::string_view what_;
  std::atomic<int> limit_;
  std::atomic<int> running_{0};
};

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_ORACLES_CONCURRENCY_ORACLE_H_

#include "stress/oracles/concurrency_oracle.h"

#include "absl/strings/str_cat.h"

namespace reveille::stress {

void ConcurrencyOracle::Enter() {
  const int running = running_.fetch_add(1) + 1;
  const int limit = limit_.load();
  if (running <= limit) return;
  judge_->Fail("check-failed",
               absl::StrCat(running, " ", what_,
                            " at the same time, the limit is ", limit));
}

}  // namespace reveille::stress

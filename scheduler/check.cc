#include "scheduler/check.h"

#include <cstdio>
#include <cstdlib>
#include <string>

#include "scheduler/hot_path.h"

namespace reveille::internal {

void CheckFailed(const Sched* sched, const char* file, int line,
                 const char* condition, const char* invariant) {
  std::fprintf(stderr, "reveille: %s:%d: check failed: %s\n  %s\n", file, line,
               condition, invariant);
  // Reads atomics only: the lock may be held by the thread that fails.
  if (sched != nullptr) {
    std::fprintf(stderr, "%s\n", sched->Trace(/*detailed=*/true).c_str());
  }
  std::abort();
}

}  // namespace reveille::internal

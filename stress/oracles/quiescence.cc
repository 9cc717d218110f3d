#include "stress/oracles/quiescence.h"

#include <string>

namespace reveille::stress {

void CheckQuiescent(const Pool& pool, Judge* judge) {
  const WhiteBoxPool* white_box = pool.AsWhiteBox();
  if (white_box == nullptr) return;
  const std::string drift = white_box->CheckQuiescent();
  if (!drift.empty()) judge->Fail("counter-drift", drift);
}

}  // namespace reveille::stress

#include "oracle.h"

#include <string.h>

namespace reveille::explore {

void Ledger::Reset() {
  memset(starts, 0, highest);
  workers = submitted = started = finished = highest = 0;
  rescue_noted = false;
}

}  // namespace reveille::explore

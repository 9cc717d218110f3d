// Compiled once per binary: a mutant's driver differs from the product's here
// and in the scheduler.
#include "stress/report/run_record.h"

#ifndef REVEILLE_MUTANT
#define REVEILLE_MUTANT ""
#endif

namespace reveille::stress {

const char* MutantName() { return REVEILLE_MUTANT; }

nlohmann::json BuildInfo() {
  return {{"version", REVEILLE_VERSION},
          {"compiler", REVEILLE_COMPILER},
          {"build_type", REVEILLE_BUILD_TYPE},
          {"lens", REVEILLE_LENS},
          {"mutant", MutantName()}};
}

}  // namespace reveille::stress

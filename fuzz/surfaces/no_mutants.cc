// These programs are no driver: there are no mutants beside them.
#include "stress/driver/mutants.h"

namespace reveille::stress {

const std::vector<Mutant>& AllMutants() {
  static const std::vector<Mutant> none;
  return none;
}

}  // namespace reveille::stress

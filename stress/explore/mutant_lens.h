// The explore drivers of the mutants, one beside each mutant's own driver.
#ifndef REVEILLE_STRESS_EXPLORE_MUTANT_LENS_H_
#define REVEILLE_STRESS_EXPLORE_MUTANT_LENS_H_

#include <string>

#include "absl/status/status.h"

namespace reveille::stress {

// Replaces this process by the explore driver of that mutant, or, for "", of
// the product, with the same arguments. Returns OK at once when this process is
// it, or else why it could not.
absl::Status BecomeMutantLens(const std::string& name, char** argv);

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_EXPLORE_MUTANT_LENS_H_

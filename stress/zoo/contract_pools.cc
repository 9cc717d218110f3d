#include "stress/pools/contract_pools.h"

#include "stress/zoo/bug.h"

namespace reveille::stress {

// The fixed twins.
std::vector<std::string> ContractPools() {
  std::vector<std::string> names;
  for (const zoo::Bug& bug : zoo::AllBugs()) names.push_back(FixedPool(bug));
  return names;
}

}  // namespace reveille::stress

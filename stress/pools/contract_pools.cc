#include "stress/pools/contract_pools.h"

#include "stress/pools/pool.h"

namespace reveille::stress {

// All that there are.
std::vector<std::string> ContractPools() {
  std::vector<std::string> names;
  for (const PoolEntry& entry : AllPools()) names.push_back(entry.name);
  return names;
}

}  // namespace reveille::stress

// Which pools the contract test is about; each program that has the test says
// so itself.
#ifndef REVEILLE_STRESS_POOLS_CONTRACT_POOLS_H_
#define REVEILLE_STRESS_POOLS_CONTRACT_POOLS_H_

#include <string>
#include <vector>

namespace reveille::stress {

std::vector<std::string> ContractPools();

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_POOLS_CONTRACT_POOLS_H_

// The catalogue: each bug of the zoo, with what the judges should say.
#ifndef REVEILLE_STRESS_ZOO_BUG_H_
#define REVEILLE_STRESS_ZOO_BUG_H_

#include <string>
#include <vector>

#include "stress/pools/pool.h"
#include "stress/zoo/zoo_pool.h"

namespace reveille::stress::zoo {

struct Bug {
  std::string name;      // Pools "zoo-<name>" and "zoo-<name>-fixed".
  std::string classes;   // Letters of the taxonomy in the README.
  std::string mirrors;   // Real bugs with this mechanism.
  std::string expect;    // Verdict of the explore lens.
  std::string scenario;  // One that finds it.
};

// Filled before main(), sorted by name.
const std::vector<Bug>& AllBugs();
bool AddBug(Bug bug);
std::string BuggyPool(const Bug& bug);
std::string FixedPool(const Bug& bug);

// Twin<false> has the bug, Twin<true> is mended: pools with Create() of their
// own kind.
bool RegisterTwins(Bug bug, PoolFactory buggy, PoolFactory fixed);

// At namespace scope of the source that has the dispatcher.
template <template <bool kFixed> class Twin>
bool RegisterBug(Bug bug) {
  return RegisterTwins(std::move(bug), Create<Twin<false>>, Create<Twin<true>>);
}

}  // namespace reveille::stress::zoo

#endif  // REVEILLE_STRESS_ZOO_BUG_H_

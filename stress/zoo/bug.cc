#include "stress/zoo/bug.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace reveille::stress::zoo {
namespace {

// A function-local static: registration runs before main(), in any order.
std::vector<Bug>& Catalogue() {
  static auto* const bugs = new std::vector<Bug>;
  return *bugs;
}

}  // namespace

const std::vector<Bug>& AllBugs() { return Catalogue(); }

bool AddBug(Bug bug) {
  std::vector<Bug>& bugs = Catalogue();
  const auto at = std::lower_bound(
      bugs.begin(), bugs.end(), bug.name,
      [](const Bug& b, const std::string& name) { return b.name < name; });
  if (at != bugs.end() && at->name == bug.name) return false;
  bugs.insert(at, std::move(bug));
  return true;
}

std::string BuggyPool(const Bug& bug) { return absl::StrCat("zoo-", bug.name); }

std::string FixedPool(const Bug& bug) {
  return absl::StrCat(BuggyPool(bug), "-fixed");
}

bool RegisterTwins(Bug bug, PoolFactory buggy, PoolFactory fixed) {
  return RegisterPool(BuggyPool(bug), std::move(buggy)) &&
         RegisterPool(FixedPool(bug), std::move(fixed)) &&
         AddBug(std::move(bug));
}

}  // namespace reveille::stress::zoo

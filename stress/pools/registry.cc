#include <algorithm>
#include <utility>

#include "stress/pools/pool.h"

namespace reveille::stress {
namespace {

// A function-local static: registration runs before main(), in any order.
std::vector<PoolEntry>& Registry() {
  static auto* const entries = new std::vector<PoolEntry>;
  return *entries;
}

bool ByName(const PoolEntry& entry, absl::string_view name) {
  return entry.name < name;
}

}  // namespace

bool RegisterPool(absl::string_view name, PoolFactory create) {
  std::vector<PoolEntry>& entries = Registry();
  const auto at =
      std::lower_bound(entries.begin(), entries.end(), name, ByName);
  if (at != entries.end() && at->name == name) return false;
  entries.insert(at, {std::string(name), std::move(create)});
  return true;
}

const std::vector<PoolEntry>& AllPools() { return Registry(); }

const PoolEntry* FindPool(absl::string_view name) {
  const std::vector<PoolEntry>& entries = Registry();
  const auto at =
      std::lower_bound(entries.begin(), entries.end(), name, ByName);
  return at != entries.end() && at->name == name ? &*at : nullptr;
}

}  // namespace reveille::stress

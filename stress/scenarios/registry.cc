#include <algorithm>
#include <utility>

#include "stress/scenarios/scenario.h"

namespace reveille::stress {
namespace {

// A function-local static: registration runs before main(), in any order.
std::vector<Scenario>& Registry() {
  static auto* const scenarios = new std::vector<Scenario>;
  return *scenarios;
}

bool ByName(const Scenario& scenario, absl::string_view name) {
  return scenario.name < name;
}

}  // namespace

bool RegisterScenario(Scenario scenario) {
  std::vector<Scenario>& all = Registry();
  const auto at =
      std::lower_bound(all.begin(), all.end(), scenario.name, ByName);
  if (at != all.end() && at->name == scenario.name) return false;
  all.insert(at, std::move(scenario));
  return true;
}

const std::vector<Scenario>& AllScenarios() { return Registry(); }

const Scenario* FindScenario(absl::string_view name) {
  const std::vector<Scenario>& all = Registry();
  const auto at = std::lower_bound(all.begin(), all.end(), name, ByName);
  return at != all.end() && at->name == name ? &*at : nullptr;
}

}  // namespace reveille::stress

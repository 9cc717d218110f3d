// Names that a command line may give: of pools and scenarios that nobody runs
// here.
#include "stress/pools/pool.h"
#include "stress/scenarios/scenario.h"

namespace reveille::stress {
namespace {

absl::StatusOr<std::unique_ptr<Pool>> NoPool(const PoolConfig&) {
  return absl::UnimplementedError("a name only");
}

REVEILLE_POOL("mpg", NoPool);
REVEILLE_POOL("reference", NoPool);

bool NameScenario(const char* name) {
  Scenario scenario;
  scenario.name = name;
  return RegisterScenario(std::move(scenario));
}

[[maybe_unused]] const bool kBurst = NameScenario("burst");
[[maybe_unused]] const bool kMix = NameScenario("mix");

}  // namespace
}  // namespace reveille::stress

// Durations as people write them.
#ifndef REVEILLE_STRESS_DRIVER_DURATION_H_
#define REVEILLE_STRESS_DRIVER_DURATION_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace reveille::stress {

// "60s", "5m", "1h30m", "500ms", or a number of seconds. More than nothing.
absl::StatusOr<int64_t> ParseDurationMs(const std::string& text);

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_DRIVER_DURATION_H_

#include "stress/driver/duration.h"

#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace reveille::stress {

absl::StatusOr<int64_t> ParseDurationMs(const std::string& text) {
  absl::Duration duration;
  double seconds = 0;
  if (absl::SimpleAtod(text, &seconds) && std::isfinite(seconds)) {
    duration = absl::Seconds(seconds);
  } else if (!absl::ParseDuration(text, &duration)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", text, "' is no duration; write 60s, 5m, 1h30m or 500ms"));
  }
  constexpr int64_t kYearMs = int64_t{366} * 24 * 3600 * 1000;
  const int64_t ms = absl::ToInt64Milliseconds(duration);
  if (ms < 1 || ms > kYearMs) {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", text, "' is out of range; write something from 1ms to a year"));
  }
  return ms;
}

}  // namespace reveille::stress

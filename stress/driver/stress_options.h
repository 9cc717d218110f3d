// What `reveille stress` was asked to do, checked.
#ifndef REVEILLE_STRESS_DRIVER_STRESS_OPTIONS_H_
#define REVEILLE_STRESS_DRIVER_STRESS_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "stress/build_lens.h"
#include "stress/driver/duration.h"
#include "stress/driver/run_spec.h"

namespace reveille::stress {

struct StressOptions {
  RunSpec spec;                        // What all runs share.
  std::vector<std::string> scenarios;  // Empty: all.
  std::vector<int> procs = {2};
  std::string duration = "60s";
  std::optional<uint64_t> seed;   // Drawn and printed if not given.
  std::optional<uint64_t> round;  // That one, again and again.
  uint64_t max_findings = 3;      // Per scenario; 0: no limit.
  // How long a run may overstay its time: for its last round, for a hang to be
  // judged, for its pool to shut down. Then it is asked to report and killed.
  std::string patience = kSlowLens ? "180s" : "75s";
  int64_t patience_ms = 0;
  bool json = false;
};

// Looks up what the names mean and fills `spec`; the message says what is wrong
// and what would be right.
absl::Status Check(StressOptions* options);

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_DRIVER_STRESS_OPTIONS_H_

// ExploreRecord: one line of results.jsonl, "what was searched and what was
// found" of one search, schema reveille-explore/1. stress/README.md has the
// fields; a change of meaning gets a new number.
#ifndef REVEILLE_STRESS_EXPLORE_EXPLORE_RECORD_H_
#define REVEILLE_STRESS_EXPLORE_EXPLORE_RECORD_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "sanitizers/explore/campaign.h"
#include "stress/explore/explore_options.h"

namespace reveille::stress {

class ExploreRecord {
 public:
  explicit ExploreRecord(const ExploreOptions* options);

  // How far the search has come: the curve of interleavings met over schedules.
  void AddPoint(const explore::Report& so_far);

  nlohmann::json ToJson(const explore::Report& report, bool interrupted) const;

  // Appends the line to the folder of what is found.
  absl::Status Append(const explore::Report& report, bool interrupted) const;

 private:
  struct Point {
    double seconds;
    uint64_t schedules;
    uint64_t distinct;
  };

  const ExploreOptions* options_;
  absl::Time started_at_;
  std::vector<Point> points_;
};

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_EXPLORE_EXPLORE_RECORD_H_

// RunRecord: one line of results.jsonl, "what was searched and what was found"
// of one run. The schema is in stress/README.md; a change of meaning gets a new
// number.
#ifndef REVEILLE_STRESS_REPORT_RUN_RECORD_H_
#define REVEILLE_STRESS_REPORT_RUN_RECORD_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"
#include "stress/watchdog.h"

namespace reveille::stress {

inline constexpr absl::string_view kRunSchema = "reveille-run/1";

struct RecordedVerdict {
  std::string verdict;
  std::string what;
  std::string signature;
  uint64_t round = 0;
  uint64_t round_seed = 0;
  std::string command;  // That repeats it.
};

struct RunRecord {
  // clean: searched and found nothing. finding: see verdicts. interrupted:
  // stopped from outside, nothing found until then. skipped: the pool lacks a
  // capability, see error. failed: the tool could not do it, see error.
  // unjudged: it hung, and no judge could say why.
  std::string outcome = "clean";
  std::string error;
  nlohmann::json request;  // What was asked for, as RunSpec writes it.
  std::string started_at;  // UTC, RFC 3339.
  double duration_s = 0;
  uint64_t first_round = 0;
  uint64_t rounds = 0;  // Completed.
  uint64_t tasks = 0;   // Finished.
  std::vector<RecordedVerdict> verdicts;
  WatchdogReport watchdog;
  Histogram wakes;  // Nanoseconds, as WakeClock measures them.
  nlohmann::json chaos = nlohmann::json::object();
  std::vector<std::pair<std::string, double>> counters;
};

nlohmann::json ToJson(const RunRecord& record);
// What this binary is: version, compiler, build type, lens, mutant.
nlohmann::json BuildInfo();
const char* MutantName();  // "" for the product.

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_REPORT_RUN_RECORD_H_

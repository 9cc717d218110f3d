// A finding: all that somebody needs who was not there, in one folder that can
// be mailed.
//
//   finding-<signature>/
//     verdict.json   what was concluded, the evidence, seed, command, build
//     command        the command that repeats it
//     reproduce.sh   the same, to run: REVEILLE=path/to/reveille ./reproduce.sh
//     state.txt      the pool's own dump of its state, if it has one
//     stacks.txt     stacks of all threads
//     trace.json     flight recorder, for ui.perfetto.dev, if the pool has one
//     stderr.txt     what the run wrote to standard error, if anything
//     seen.jsonl     a line for every time that this signature was met
#ifndef REVEILLE_STRESS_REPORT_FINDING_H_
#define REVEILLE_STRESS_REPORT_FINDING_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"
#include "stress/sighting.h"

namespace reveille::stress {

inline constexpr absl::string_view kVerdictSchema = "reveille-verdict/1";

struct Finding {
  std::string verdict;
  std::string what;
  std::string abstract_state;
  std::string pool;
  std::string scenario;
  nlohmann::json request;  // As in the run's line.
  std::string command;
  uint64_t round = 0;
  uint64_t round_seed = 0;
  nlohmann::json evidence;
  // Files; an empty one is left out.
  std::string state;
  std::string stacks;
  std::string trace;
  std::string standard_error;
};

// Equal for findings with the same cause, as far as the verdict, the pool, the
// scenario and the abstract state tell: 12 hexadecimal digits.
std::string SignatureOf(const Finding& finding);

// Writes the folder under `out` and returns its path. Where the signature was
// met before, the folder stays as it is and gets another line in seen.jsonl.
absl::StatusOr<std::string> WriteFinding(const std::string& out,
                                         const Finding& finding);

nlohmann::json ToJson(const Sighting& sighting);

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_REPORT_FINDING_H_

// SliceResult: what the result lines of one slice say, as its lens counts it.
#ifndef REVEILLE_STRESS_SCORE_SLICE_RESULT_H_
#define REVEILLE_STRESS_SCORE_SLICE_RESULT_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "stress/score/lens.h"

namespace reveille::stress {

struct SliceResult {
  bool skipped = false;   // The pool lacks what the scenario needs.
  std::string failure;    // Why nothing was judged, or not all.
  uint64_t searched = 0;  // Schedules or rounds, up to what was found.
  double lasted = -1;     // Seconds; below 0: the lens does not say.
  double seconds = -1;    // To what was found; below 0: the lens does not say.

  bool found = false;
  std::string verdict;
  std::string what;
  std::string folder;    // Beneath the slice's own; may be "".
  uint64_t round = 0;    // Of threads.
  int preemptions = -1;  // Of explore; below 0: unknown.
  bool fewest_preemptions = false;
};

// From the text of results.jsonl, "" if there is none. Lines that are cut are
// left out: the program was killed.
SliceResult ReadSlice(const Lens& lens, absl::string_view results);

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_SCORE_SLICE_RESULT_H_

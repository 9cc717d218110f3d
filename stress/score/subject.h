// Subject: what a lens is pointed at in the score: a planted bug, or something
// without one that must stay clean.
#ifndef REVEILLE_STRESS_SCORE_SUBJECT_H_
#define REVEILLE_STRESS_SCORE_SUBJECT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"

namespace reveille::stress {

struct Subject {
  std::string name;
  std::string group;  // mutants, zoo, twins or product.
  std::string pool;
  std::string mutant;  // "" unless it is one.
  bool has_bug = true;
  // Verdicts that its header names. Of lenses it says in words; one that has
  // the word "explore", and neither "none" nor "neither", should be found by
  // it.
  std::vector<std::string> expect;
  bool explore_should_find = false;
};

// From the text after "Expect:" of a patch.
std::vector<std::string> VerdictsNamed(absl::string_view expectation);
bool ExploreShouldFind(absl::string_view expectation);

// From one entry of `reveille list mutants --json` or `list zoo --json`.
absl::StatusOr<Subject> MutantFrom(const nlohmann::json& entry);
absl::StatusOr<Subject> ZooBugFrom(const nlohmann::json& entry);
Subject TwinOf(const Subject& zoo_bug);
Subject Product();

// Whether `verdict` is what the subject is expected to show. With the rescuers
// on a loss is seen as work that only the clock has rescued. A pool that a
// scenario makes besides has nobody to count its tasks, and the last wakeup of
// a pool is for its end: there the loss that leaves a worker idle is a
// deadlock. Where a task spins until a timer has fired that the sleeping worker
// was to fire, it is a livelock.
bool IsRight(const Subject& subject, absl::string_view verdict,
             bool rescuers_on);

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_SCORE_SUBJECT_H_

#include "stress/score/subject.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "stress/report/field.h"

namespace reveille::stress {
namespace {

// As the judges of all lenses say them.
constexpr absl::string_view kVerdicts[] = {
    "idle-worker-with-runnable-work",
    "deadlock",
    "partial-deadlock",
    "rescued",
    "livelock",
    "lost-task",
    "double-run",
    "late-timer",
    "counter-drift",
    "lost-event",
    "check-failed",
    "crash",
    "step-limit",
};
// Losses of which the rescuers make delays.
constexpr absl::string_view kRescuable[] = {"idle-worker-with-runnable-work",
                                            "deadlock", "late-timer"};

std::vector<std::string> Words(absl::string_view text) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    if (absl::ascii_isalnum(c) || c == '-') {
      words.back().push_back(c);
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  return words;
}

template <typename Range>
bool Contains(const Range& range, absl::string_view word) {
  return std::find(std::begin(range), std::end(range), word) != std::end(range);
}

absl::Status NotOurs(const char* what) {
  return absl::InternalError(
      absl::StrCat("the driver lists a ", what,
                   " without all of its fields, or with others than text"));
}

}  // namespace

std::vector<std::string> VerdictsNamed(absl::string_view expectation) {
  std::vector<std::string> named;
  for (std::string& word : Words(expectation)) {
    if (Contains(kVerdicts, word) && !Contains(named, word)) {
      named.push_back(std::move(word));
    }
  }
  return named;
}

bool ExploreShouldFind(absl::string_view expectation) {
  const std::vector<std::string> words = Words(expectation);
  return Contains(words, "explore") && !Contains(words, "none") &&
         !Contains(words, "neither");
}

absl::StatusOr<Subject> MutantFrom(const nlohmann::json& entry) {
  Subject mutant;
  std::string expectation;
  if (!ReadField(entry, "name", &mutant.name) || mutant.name.empty() ||
      !ReadField(entry, "expect", &expectation)) {
    return NotOurs("mutant");
  }
  mutant.group = "mutants";
  mutant.pool = "mpg";
  mutant.mutant = mutant.name;
  mutant.expect = VerdictsNamed(expectation);
  mutant.explore_should_find = ExploreShouldFind(expectation);
  return mutant;
}

absl::StatusOr<Subject> ZooBugFrom(const nlohmann::json& entry) {
  Subject bug;
  std::string expectation;
  if (!ReadField(entry, "name", &bug.name) || bug.name.empty() ||
      !ReadField(entry, "pool", &bug.pool) ||
      !ReadField(entry, "expect", &expectation)) {
    return NotOurs("bug of the zoo");
  }
  bug.group = "zoo";
  bug.expect = VerdictsNamed(expectation);
  bug.explore_should_find = true;
  return bug;
}

Subject TwinOf(const Subject& zoo_bug) {
  Subject twin;
  twin.name = absl::StrCat(zoo_bug.name, "-fixed");
  twin.group = "twins";
  twin.pool = absl::StrCat(zoo_bug.pool, "-fixed");
  twin.has_bug = false;
  return twin;
}

Subject Product() {
  Subject product;
  product.name = "product";
  product.group = "product";
  product.pool = "mpg";
  product.has_bug = false;
  return product;
}

bool IsRight(const Subject& subject, absl::string_view verdict,
             bool rescuers_on) {
  if (Contains(subject.expect, verdict)) return true;
  if ((verdict == "deadlock" || verdict == "livelock") &&
      Contains(subject.expect, "idle-worker-with-runnable-work")) {
    return true;
  }
  if (!rescuers_on || verdict != "rescued") return false;
  return std::any_of(std::begin(kRescuable), std::end(kRescuable),
                     [&subject](absl::string_view loss) {
                       return Contains(subject.expect, loss);
                     });
}

}  // namespace reveille::stress

#include "stress/score/slice_result.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "nlohmann/json.hpp"
#include "stress/report/field.h"

namespace reveille::stress {
namespace {

// Of plain means: a round that does not end says so, and no more.
constexpr const char* kHang = "hang";

bool Counts(const Lens& lens, const std::string& verdict,
            const std::string& what) {
  if (verdict == "unjudged") return lens.kind == LensKind::kPlain;
  if (lens.kind != LensKind::kTsanAlone) return true;
  return verdict == "crash" && absl::StrContains(what, "ThreadSanitizer");
}

// An error is shown in one, whatever a driver has put into it.
std::string OneLine(const std::string& text) {
  constexpr size_t kMost = 500;
  std::string line = text.substr(0, kMost);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line.empty() ? "failed without a word" : line;
}

bool Take(const nlohmann::json& v, const std::string& verdict,
          SliceResult* result) {
  result->found = true;
  result->verdict = verdict == "unjudged" ? kHang : verdict;
  return ReadOptionalField(v, "folder", &result->folder) &&
         ReadOptionalField(v, "round", &result->round) &&
         ReadOptionalField(v, "seconds", &result->seconds) &&
         // Who counts processor time is judged by it.
         ReadOptionalField(v, "cpu_seconds", &result->seconds) &&
         ReadOptionalField(v, "preemptions", &result->preemptions) &&
         ReadOptionalField(v, "fewest_preemptions",
                           &result->fewest_preemptions) &&
         result->seconds >= -1 && result->preemptions >= -1;
}

bool ReadVerdicts(const Lens& lens, const nlohmann::json& line,
                  SliceResult* result) {
  const auto verdicts = line.find("verdicts");
  const bool any = verdicts != line.end();
  if (any && !verdicts->is_array()) return false;
  for (const nlohmann::json& v : any ? *verdicts : nlohmann::json::array()) {
    std::string verdict, what;
    if (!ReadField(v, "verdict", &verdict) || verdict.empty() ||
        !ReadOptionalField(v, "what", &what)) {
      return false;
    }
    if (result->found || !Counts(lens, verdict, what)) continue;
    result->what = what;
    if (!Take(v, verdict, result)) return false;
    // Those after it were run to repeat it.
    if (v.contains("execution")) {
      uint64_t execution = 0;
      if (!ReadField(v, "execution", &execution)) return false;
      result->searched += execution + 1;
      return true;
    }
  }
  uint64_t searched = 0;
  if (!ReadOptionalField(line, UnitOfSearch(lens).c_str(), &searched)) {
    return false;
  }
  result->searched += searched;
  return true;
}

bool ReadLine(const Lens& lens, const nlohmann::json& line,
              SliceResult* result) {
  std::string outcome;
  double duration = 0;
  if (!ReadField(line, "outcome", &outcome) ||
      !ReadOptionalField(line, "duration_s", &duration) ||
      !ReadOptionalField(line, "cpu_s", &duration) || duration < 0) {
    return false;
  }
  result->skipped |= outcome == "skipped";
  if (line.contains("duration_s") || line.contains("cpu_s")) {
    result->lasted = std::max(result->lasted, 0.0) + duration;
  }
  if (outcome == "failed" || outcome == "unjudged") {
    result->failure = outcome;
    if (!ReadOptionalField(line, "error", &result->failure)) return false;
    result->failure = OneLine(result->failure);
  }
  return ReadVerdicts(lens, line, result);
}

}  // namespace

SliceResult ReadSlice(const Lens& lens, absl::string_view results) {
  SliceResult result;
  bool any = false;
  for (const absl::string_view text :
       absl::StrSplit(results, '\n', absl::SkipEmpty())) {
    const nlohmann::json line = nlohmann::json::parse(text, nullptr, false);
    if (!line.is_object() || !line.contains("outcome")) continue;
    any = true;
    SliceResult with_line = result;
    if (ReadLine(lens, line, &with_line)) {
      result = std::move(with_line);
    } else {
      result.failure = "a result line has a field of another type";
    }
  }
  if (!any) result.failure = "no result line";
  if (result.found || result.skipped) result.failure.clear();
  return result;
}

}  // namespace reveille::stress

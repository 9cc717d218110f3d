#include "stress/score/slice_result.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "nlohmann/json.hpp"

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

void Take(const nlohmann::json& v, const std::string& verdict,
          SliceResult* result) {
  result->found = true;
  result->verdict = verdict == "unjudged" ? kHang : verdict;
  result->what = v.value("what", "");
  result->folder = v.value("folder", "");
  result->round = v.value("round", uint64_t{0});
  result->seconds = v.value("cpu_seconds", v.value("seconds", -1.0));
  result->preemptions = v.value("preemptions", -1);
  result->fewest_preemptions = v.value("fewest_preemptions", false);
}

void ReadVerdicts(const Lens& lens, const nlohmann::json& line,
                  SliceResult* result) {
  for (const nlohmann::json& v :
       line.value("verdicts", nlohmann::json::array())) {
    const std::string verdict = v.value("verdict", "");
    if (result->found || !Counts(lens, verdict, v.value("what", ""))) continue;
    Take(v, verdict, result);
    // Those after it were run to repeat it.
    if (v.contains("execution")) {
      result->searched += v["execution"].get<uint64_t>() + 1;
      return;
    }
  }
  result->searched += line.value(UnitOfSearch(lens), uint64_t{0});
}

void ReadLine(const Lens& lens, const nlohmann::json& line,
              SliceResult* result) {
  const std::string outcome = line.value("outcome", "");
  result->skipped |= outcome == "skipped";
  // Who counts processor time is judged by it.
  const char* lasted = line.contains("cpu_s") ? "cpu_s" : "duration_s";
  if (line.contains(lasted)) {
    result->lasted = std::max(result->lasted, 0.0) + line[lasted].get<double>();
  }
  if (outcome == "failed" || outcome == "unjudged") {
    result->failure = line.value("error", outcome);
  }
  ReadVerdicts(lens, line, result);
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
    try {
      ReadLine(lens, line, &result);
    } catch (const nlohmann::json::exception&) {
      result.failure = "a result line has a field of another type";
    }
  }
  if (!any) result.failure = "no result line";
  if (result.found || result.skipped) result.failure.clear();
  return result;
}

}  // namespace reveille::stress

#include "fuzz/schedule/feedback.h"

#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "sanitizers/explore/explore.h"

namespace reveille::fuzz {
namespace {

struct Kind {
  const char* name;
  void (*count)(uint8_t* counters, size_t size);
  size_t size;
};
// libFuzzer goes through all of them after each execution.
constexpr size_t kPairs = size_t{1} << 13;
constexpr size_t kStates = size_t{1} << 12;
constexpr Kind kKinds[] = {{"rf", explore::CountReadsFrom, kPairs},
                           {"pairs", explore::CountMeetings, kPairs},
                           {"state", explore::CountStates, kStates}};

// libFuzzer finds them by the section, and clears them before each input.
__attribute__((section("__libfuzzer_extra_counters"),
               used)) uint8_t g_counters[2 * kPairs + kStates];

bool g_counts = false;

bool IsKind(absl::string_view name) {
  for (const Kind& kind : kKinds) {
    if (name == kind.name) return true;
  }
  return name == "none";
}

}  // namespace

absl::Status SetFeedback(absl::string_view list) {
  const std::vector<absl::string_view> names =
      absl::StrSplit(list, ',', absl::SkipEmpty());
  for (const absl::string_view name : names) {
    if (IsKind(name)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("--feedback: no feedback '", name,
                     "'; there are: ", kAllFeedback, ", none"));
  }
  g_counts = false;
  uint8_t* counters = g_counters;
  for (const Kind& kind : kKinds) {
    bool wanted = false;
    for (const absl::string_view name : names) {
      wanted = wanted || name == kind.name;
    }
    kind.count(wanted ? counters : nullptr, wanted ? kind.size : 0);
    counters += kind.size;
    g_counts |= wanted;
  }
  return absl::OkStatus();
}

__attribute__((no_sanitize("thread", "coverage"))) void CoarsenFeedback() {
  if (!g_counts) return;
  constexpr uint8_t kSeveral = 4;
  constexpr uint8_t kMany = 128;
  for (size_t at = 0; at < sizeof g_counters; at += sizeof(uint64_t)) {
    uint64_t eight;  // Nearly all are 0.
    std::memcpy(&eight, g_counters + at, sizeof eight);
    if (eight == 0) continue;
    for (size_t i = at; i < at + sizeof eight; ++i) {
      uint8_t& counter = g_counters[i];
      if (counter == 0) continue;
      counter = i < kPairs && counter >= kSeveral ? kMany : 1;
    }
  }
}

uint8_t* FeedbackCounters() { return g_counters; }
size_t FeedbackSize() { return sizeof g_counters; }

}  // namespace reveille::fuzz

#include "stress/score/slices.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "stress/driver/seeds.h"

namespace reveille::stress {
namespace {

constexpr uint64_t kMostDoublings = 12;

}  // namespace

std::string PlaceOf(const std::string& scenario, int procs) {
  return procs == 0 ? scenario : absl::StrCat(scenario, "/", procs);
}

Slices::Slices(const std::vector<std::string>& scenarios, uint64_t trial_seed)
    : seed_(trial_seed) {
  for (const std::string& scenario : scenarios) {
    for (int procs = 1; procs <= kMostProcs; ++procs) {
      pass_.push_back({scenario, procs});
    }
  }
  Shuffle();
}

// By hand: std::shuffle differs from library to library.
void Slices::Shuffle() {
  for (size_t i = pass_.size(); i > 1; --i) {
    const uint64_t roll = RoundSeed(seed_, absl::StrCat("pass ", passes_), i);
    std::swap(pass_[i - 1], pass_[roll % i]);
  }
  for (Slice& slice : pass_) {
    const uint64_t doublings = std::min(passes_, kMostDoublings);
    slice.ms = kFirstMs << doublings;
    slice.schedules = kFirstSchedules << doublings;
    if (slice.procs != kMostLikelyProcs) {
      slice.ms /= 2;
      slice.schedules /= 2;
    }
    slice.seed = RoundSeed(
        seed_, absl::StrCat(slice.scenario, "/", slice.procs), passes_);
  }
}

bool Slices::Next(const std::set<std::string>& skipped, Slice* slice) {
  for (size_t looked = 0; looked <= pass_.size(); ++looked) {
    if (next_ == pass_.size()) {
      ++passes_;
      next_ = 0;
      Shuffle();
    }
    if (pass_.empty()) return false;
    *slice = pass_[next_++];
    if (!skipped.contains(slice->scenario)) return true;
  }
  return false;
}

}  // namespace reveille::stress

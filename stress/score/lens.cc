#include "stress/score/lens.h"

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "stress/score/fuzz_lens.h"

namespace reveille::stress {
namespace {

// How long a round may overstay its slice. The watchdog needs time to be sure;
// whoever has none must call everything a hang that takes so long.
constexpr int kPatienceSeconds = 20;
constexpr int kPlainPatienceSeconds = 10;
constexpr int kTsanPatienceSeconds = 90;
// From being asked what hangs to being killed, and what a loaded machine adds.
constexpr int64_t kGraceMs = 60'000;
// A lens that counts processor time has a share of a processor at least.
constexpr int64_t kLeastShare = 20;
// The slowest schedules there are take so long, and then some.
constexpr int64_t kSchedulesPerMs = 1;

const std::string& BinOf(const Lens& lens, const Programs& programs) {
  return lens.tsan ? programs.tsan_bin : programs.bin;
}

std::string ProgramName(const Lens& lens) {
  return lens.kind == LensKind::kExplore ? "reveille_explore" : "reveille";
}

int PatienceSeconds(const Lens& lens) {
  if (lens.tsan) return kTsanPatienceSeconds;
  return lens.kind == LensKind::kPlain ? kPlainPatienceSeconds
                                       : kPatienceSeconds;
}

void AddStressWords(const SliceSpec& slice, std::vector<std::string>* words) {
  words->push_back(absl::StrCat("--duration=", slice.ms, "ms"));
  words->push_back("--chaos=all");
  words->push_back("--max-findings=1");
  words->push_back(
      absl::StrCat("--patience=", PatienceSeconds(*slice.lens), "s"));
  if (slice.lens->kind != LensKind::kThreads) {
    words->push_back("--watchdog=off");
  }
}

void AddExploreWords(const SliceSpec& slice, std::vector<std::string>* words) {
  words->push_back(slice.schedules != 0
                       ? absl::StrCat("--schedules=", slice.schedules)
                       : absl::StrCat("--cpu-time=", slice.ms, "ms"));
  words->push_back(absl::StrCat("--strategy=", slice.lens->strategy));
  words->push_back("--jobs=1");
  words->push_back("--max-findings=1");
  words->push_back(absl::StrCat("--shrink-seconds=", slice.shrink_seconds));
}

}  // namespace

const std::vector<Lens>& AllLenses() {
  static const auto* const lenses = new std::vector<Lens>{
      {"threads", LensKind::kThreads, "", false, false},
      {"threads-tsan", LensKind::kThreads, "", true, false},
      {"explore-portfolio", LensKind::kExplore, "portfolio", false, true},
      {"explore-random", LensKind::kExplore, "random", false, false},
      {"explore-few", LensKind::kExplore, "few", false, false},
      {"explore-pct", LensKind::kExplore, "pct", false, false},
      {"explore-pos", LensKind::kExplore, "pos", false, false},
      {"explore-surw", LensKind::kExplore, "surw", false, false},
      {"explore-surw-pos", LensKind::kExplore, "surw-pos", false, false},
      {"fuzz", LensKind::kFuzz, "", false, false},
      {"plain", LensKind::kPlain, "", false, false},
      {"tsan-alone", LensKind::kTsanAlone, "", true, false},
  };
  return *lenses;
}

const Lens* FindLens(absl::string_view name) {
  for (const Lens& lens : AllLenses()) {
    if (lens.name == name) return &lens;
  }
  return nullptr;
}

bool DecidesSchedules(const Lens& lens) {
  return lens.kind == LensKind::kExplore || lens.kind == LensKind::kFuzz;
}

bool NamesVerdicts(const Lens& lens) {
  return lens.kind == LensKind::kThreads || DecidesSchedules(lens);
}

bool IsRightUnder(const Lens& lens, const Subject& subject,
                  absl::string_view verdict, bool rescuers_on) {
  return IsRight(subject, verdict, rescuers_on || lens.kind == LensKind::kFuzz);
}

std::string UnitOfSearch(const Lens& lens) {
  return DecidesSchedules(lens) ? "schedules" : "rounds";
}

std::string WhyNever(const Lens& lens, const Subject& subject) {
  if (lens.kind != LensKind::kFuzz || subject.pool == Product().pool) return "";
  return absl::StrCat("its programs run on the pool ", Product().pool,
                      " alone");
}

std::string WhyNot(const Lens& lens, const Subject& subject,
                   const Programs& programs) {
  if (lens.kind == LensKind::kFuzz) return WhyNotFuzzed(subject, programs);
  const std::string& bin = BinOf(lens, programs);
  const std::string name = ProgramName(lens);
  std::string path = absl::StrCat(bin, "/", name);
  if (access(path.c_str(), X_OK) != 0) return path + " is not built";
  if (subject.mutant.empty()) return "";
  path = absl::StrCat(bin, "/mutants/", subject.mutant, "/", name);
  return access(path.c_str(), X_OK) == 0 ? "" : path + " is not built";
}

std::vector<std::string> SliceCommand(const SliceSpec& slice,
                                      const Programs& programs) {
  const Lens& lens = *slice.lens;
  if (lens.kind == LensKind::kFuzz) return FuzzCommand(slice, programs);
  const bool explores = lens.kind == LensKind::kExplore;
  std::vector<std::string> words = {
      absl::StrCat(BinOf(lens, programs), "/", ProgramName(lens)),
      explores ? "explore" : "stress",
      "--pool=" + slice.subject->pool,
      "--scenario=" + slice.scenario,
      absl::StrCat("--procs=", slice.procs),
      absl::StrCat("--rescuers=", slice.rescuers ? "on" : "off"),
      absl::StrCat("--seed=", slice.seed),
      "--out=" + slice.out};
  if (!slice.subject->mutant.empty()) {
    words.push_back("--mutant=" + slice.subject->mutant);
  }
  if (explores) {
    AddExploreWords(slice, &words);
  } else {
    AddStressWords(slice, &words);
  }
  return words;
}

int64_t SliceLimitMs(const SliceSpec& slice) {
  if (!DecidesSchedules(*slice.lens)) {
    return slice.ms + int64_t{PatienceSeconds(*slice.lens)} * 1000 + kGraceMs;
  }
  const int64_t ms =
      slice.schedules != 0
          ? static_cast<int64_t>(slice.schedules) / kSchedulesPerMs
          : slice.ms;
  return ms * kLeastShare + static_cast<int64_t>(slice.shrink_seconds * 1000) +
         kGraceMs;
}

}  // namespace reveille::stress

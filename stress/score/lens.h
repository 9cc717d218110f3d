// Lens: one way to look at a pool, as the score knows it: which program, which
// words, and what of its result lines counts as found.
#ifndef REVEILLE_STRESS_SCORE_LENS_H_
#define REVEILLE_STRESS_SCORE_LENS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "stress/score/subject.h"

namespace reveille::stress {

enum class LensKind {
  kThreads,    // `reveille stress`, judged by the watchdog and the oracles.
  kExplore,    // `reveille explore`.
  kPlain,      // `reveille stress` without its watchdog: a hang, a crash or a
               // wrong count is found, as by any test that waits.
  kTsanAlone,  // The same under TSan, and its reports alone count.
  kFuzz,       // libFuzzer over the explore lens (fuzz_lens.h).
};

struct Lens {
  std::string name;
  LensKind kind;
  std::string strategy;  // Of explore.
  bool tsan = false;     // The program of the preset tsan.
  // A bug that this lens should find and does not, in every trial, with the
  // verdict expected and the rescuers off, is a failure. What the other lenses
  // find is measured.
  bool required = false;
};

const std::vector<Lens>& AllLenses();
const Lens* FindLens(absl::string_view name);
// Whether it decides the schedule of what it executes, and so has some to count
// and findings that are replayed.
bool DecidesSchedules(const Lens& lens);
// False: it knows that something is wrong, and not what.
bool NamesVerdicts(const Lens& lens);
// IsRight(), where the programs of a lens may have the rescuers on by
// themselves.
bool IsRightUnder(const Lens& lens, const Subject& subject,
                  absl::string_view verdict, bool rescuers_on);
std::string UnitOfSearch(const Lens& lens);  // "schedules" or "rounds"

// Where the programs are.
struct Programs {
  std::string bin;
  std::string tsan_bin;
  std::string fuzz_bin;
};
// "" or why this lens can never look at that subject, whatever is built.
std::string WhyNever(const Lens& lens, const Subject& subject);
// "" or why this lens cannot look at that subject in this build.
std::string WhyNot(const Lens& lens, const Subject& subject,
                   const Programs& programs);

// One slice: one scenario, one number of workers, for a while.
struct SliceSpec {
  const Lens* lens;
  const Subject* subject;
  bool rescuers = false;
  std::string scenario;
  int procs = 2;
  int64_t ms = 0;
  uint64_t schedules = 0;  // Not 0: so many, however long they take.
  uint64_t seed = 1;
  double shrink_seconds = 0;
  std::string out;
  std::string seeds;  // The folder that fuzzing begins with.
};
std::vector<std::string> SliceCommand(const SliceSpec& slice,
                                      const Programs& programs);
// After so long it hangs itself.
int64_t SliceLimitMs(const SliceSpec& slice);

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_SCORE_LENS_H_

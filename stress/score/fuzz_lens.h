// The lens `fuzz`: a trial is one process of libFuzzer, which keeps what it has
// learnt until it dies of something or its time is over. Its programs are its
// own, and it is judged by what it says at its end.
#ifndef REVEILLE_STRESS_SCORE_FUZZ_LENS_H_
#define REVEILLE_STRESS_SCORE_FUZZ_LENS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "stress/score/lens.h"
#include "stress/score/program.h"
#include "stress/score/slice_result.h"

namespace reveille::stress {

// What the program is called where others have a scenario.
inline constexpr const char* kFuzzScenario = "program";

// "" or why it cannot look at that subject in this build.
std::string WhyNotFuzzed(const Subject& subject, const Programs& programs);

// What all trials begin with, written by the program that goes with the target.
absl::Status WriteFuzzSeeds(const Programs& programs,
                            const std::string& folder);

std::vector<std::string> FuzzCommand(const SliceSpec& slice,
                                     const Programs& programs);
// The same from the folder of the programs, without what only this trial knows.
std::string FuzzCommandForPeople(const SliceSpec& slice,
                                 const Programs& programs);

// Where it puts what it finds; libFuzzer makes no folders.
absl::Status MakeFuzzFolders(const SliceSpec& slice);
// Its time is over, or it was asked to end.
bool EndedWellFuzzing(const Program& program);

// From what it said until it ended, well or not, and what lies in `slice_out`.
SliceResult ReadFuzzSlice(absl::string_view said, bool ended_well,
                          double cpu_seconds, const std::string& slice_out);
// The one input in the folder of a finding.
std::string FuzzInputIn(const std::string& folder);

// What the program beside the target does with such an input.
std::vector<std::string> FuzzReplayCommand(const SliceSpec& slice,
                                           const Programs& programs,
                                           const std::string& input);
std::vector<std::string> FuzzShrinkCommand(const SliceSpec& slice,
                                           const Programs& programs,
                                           const std::string& input);
struct Preemptions {
  int needed = 0;
  bool fewest = false;
};
std::optional<Preemptions> ReadFuzzShrink(absl::string_view said);

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_SCORE_FUZZ_LENS_H_

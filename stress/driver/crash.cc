#include "stress/driver/crash.h"

#include <string.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "stress/driver/seeds.h"

namespace reveille::stress {
namespace {

// As ClusterFuzz: three names tell crashes apart well enough.
constexpr size_t kFramesThatCount = 3;

// "    @ 0x55d0c0ffee  name": our crash handler. "" if it is no such line.
absl::string_view FrameName(absl::string_view line) {
  line = absl::StripLeadingAsciiWhitespace(line);
  if (!absl::ConsumePrefix(&line, "@")) return "";
  line = absl::StripLeadingAsciiWhitespace(line);
  const size_t space = line.find(' ');
  if (!absl::StartsWith(line, "0x") || space == line.npos) return "";
  line = absl::StripLeadingAsciiWhitespace(line.substr(space));
  return line;
}

bool BelongsToTheHandler(absl::string_view name) {
  return name.empty() || name == "(unknown)" ||
         absl::StartsWith(name, "absl::");
}

}  // namespace

std::string TopFrames(absl::string_view output) {
  std::vector<absl::string_view> names;
  for (const absl::string_view line : absl::StrSplit(output, '\n')) {
    if (absl::StartsWith(line, "SUMMARY: ")) return std::string(line);
    const absl::string_view name = FrameName(line);
    if (BelongsToTheHandler(name) || names.size() == kFramesThatCount) continue;
    names.push_back(name);
  }
  return absl::StrJoin(names, " < ");
}

Finding CrashFinding(const ChildProcess& child, const RunSpec& spec) {
  const std::string phase = ToString(child.page().phase.load());
  Finding f;
  f.standard_error = child.Output();
  const std::string frames = TopFrames(f.standard_error);
  const std::string how = child.signal() != 0
                              ? absl::StrCat("signal ", child.signal(), " (",
                                             strsignal(child.signal()), ")")
                              : absl::StrCat("exit code ", child.exit_code());
  f.verdict = "crash";
  f.what = absl::StrCat(how, " while ", phase, frames.empty() ? "" : ", in ",
                        frames);
  f.abstract_state = absl::StrCat(how, "|", frames);
  f.pool = spec.pool;
  f.scenario = spec.scenario;
  f.request = RequestOf(spec);
  f.round = child.page().round;
  f.round_seed = RoundSeed(spec.seed, spec.scenario, f.round);
  f.command = CommandFor(spec, f.round);
  f.evidence = {{"phase", phase}, {"how", how}, {"frames", frames}};
  return f;
}

}  // namespace reveille::stress

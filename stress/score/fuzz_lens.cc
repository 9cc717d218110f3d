#include "stress/score/fuzz_lens.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "stress/report/files.h"

namespace reveille::stress {
namespace {

constexpr const char* kTarget = "schedule_fuzz";
constexpr const char* kTeller = "reveille_fuzz";
// How it ends when it is asked to; before it listens, by the signal.
constexpr int kInterrupted = 72;
// Beneath the folder of a slice.
constexpr const char* kFinding = "finding";
constexpr const char* kCorpus = "corpus";
// What the engine calls the inputs that it died of; slow-unit-... is none.
constexpr absl::string_view kDeaths[] = {"crash-", "leak-", "timeout-", "oom-"};
// Of what it died where no judge said a word.
constexpr const char* kLimit = "limit";
constexpr const char* kCrash = "crash";

std::string PathOf(const char* name, const Subject& subject,
                   const Programs& programs) {
  if (subject.mutant.empty()) return absl::StrCat(programs.fuzz_bin, "/", name);
  return absl::StrCat(programs.fuzz_bin, "/mutants/", subject.mutant, "/",
                      name);
}

std::string OptionsPath(const Programs& programs) {
  return absl::StrCat(programs.fuzz_bin, "/", kTarget, ".options");
}

// As OSS-Fuzz has them: "name = value" beneath [libfuzzer].
void AddEngineOptions(const std::string& path,
                      std::vector<std::string>* words) {
  const std::string text = ReadWhole(path).value_or("");
  bool ours = false;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (absl::StartsWith(line, "[")) ours = line == "[libfuzzer]";
    const size_t at = line.find('=');
    if (!ours || at == std::string::npos || line[0] == '#') continue;
    words->push_back(
        absl::StrCat("-", absl::StripAsciiWhitespace(line.substr(0, at)), "=",
                     absl::StripAsciiWhitespace(line.substr(at + 1))));
  }
}

// Of the line "schedule_fuzz: VERDICT: what (what to do with the input)".
bool TakeVerdict(absl::string_view line, SliceResult* result) {
  if (!absl::ConsumePrefix(&line, absl::StrCat(kTarget, ": "))) return false;
  const size_t end = line.find(": ");
  const absl::string_view verdict = line.substr(0, end);
  const bool is_word = end != absl::string_view::npos &&
                       std::all_of(verdict.begin(), verdict.end(), [](char c) {
                         return absl::ascii_islower(c) || c == '-';
                       });
  if (!is_word) return false;
  const absl::string_view what = line.substr(end + 2);
  result->verdict = std::string(verdict);
  result->what = std::string(what.substr(0, what.find(" (reveille replay")));
  return true;
}

// The engine's own words, where the target had none left.
void TakeError(absl::string_view line, SliceResult* result) {
  constexpr absl::string_view kError = "ERROR: libFuzzer: ";
  const size_t at = line.find(kError);
  if (at == absl::string_view::npos) return;
  result->what = std::string(line.substr(at + kError.size()));
  const bool limit = absl::StartsWith(result->what, "timeout") ||
                     absl::StartsWith(result->what, "out-of-memory");
  result->verdict = limit ? kLimit : kCrash;
}

void TakeExecutions(absl::string_view line, SliceResult* result) {
  uint64_t executions = 0;
  if (absl::ConsumePrefix(&line, "stat::number_of_executed_units:") &&
      absl::SimpleAtoi(absl::StripAsciiWhitespace(line), &executions)) {
    result->searched = executions;
  }
}

}  // namespace

std::string WhyNotFuzzed(const Subject& subject, const Programs& programs) {
  for (const char* name : {kTarget, kTeller}) {
    const std::string path = PathOf(name, subject, programs);
    if (access(path.c_str(), X_OK) != 0) return path + " is not built";
  }
  const std::string options = OptionsPath(programs);
  return access(options.c_str(), R_OK) == 0 ? "" : options + " is missing";
}

absl::Status WriteFuzzSeeds(const Programs& programs,
                            const std::string& folder) {
  return OutputOf(
             {absl::StrCat(programs.fuzz_bin, "/", kTeller), "seeds", folder})
      .status();
}

std::vector<std::string> FuzzCommand(const SliceSpec& slice,
                                     const Programs& programs) {
  std::vector<std::string> words = {
      PathOf(kTarget, *slice.subject, programs),
      // Zero would be one of its own choice.
      absl::StrCat("-seed=",
                   std::max(uint32_t{1}, static_cast<uint32_t>(slice.seed))),
      "-print_final_stats=1",
      absl::StrCat("-artifact_prefix=", slice.out, "/", kFinding, "/")};
  AddEngineOptions(OptionsPath(programs), &words);
  if (slice.schedules != 0) {
    words.push_back(absl::StrCat("-runs=", slice.schedules));
  }
  // We end it; this is for when we no longer can.
  words.push_back(
      absl::StrCat("-max_total_time=", SliceLimitMs(slice) / 1000 + 1));
  words.push_back(absl::StrCat(slice.out, "/", kCorpus));
  words.push_back(slice.seeds);
  return words;
}

std::string FuzzCommandForPeople(const SliceSpec& slice,
                                 const Programs& programs) {
  std::vector<std::string> words = FuzzCommand(slice, programs);
  words[0] = words[0].substr(programs.fuzz_bin.size() + 1);
  std::erase_if(words, [&slice](const std::string& word) {
    return absl::StrContains(word, slice.out + "/") ||
           absl::StartsWith(word, "-max_total_time=");
  });
  return absl::StrJoin(words, " ");
}

absl::Status MakeFuzzFolders(const SliceSpec& slice) {
  const absl::Status status = MakeFolder(slice.out + "/" + kCorpus);
  return status.ok() ? MakeFolder(slice.out + "/" + kFinding) : status;
}

bool EndedWellFuzzing(const Program& program) {
  return program.exit_code() == 0 || program.exit_code() == kInterrupted ||
         program.ending_signal() == SIGINT;
}

std::string FuzzInputIn(const std::string& folder) {
  std::vector<std::string> inputs;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename();
    if (std::any_of(std::begin(kDeaths), std::end(kDeaths),
                    [&name](absl::string_view death) {
                      return absl::StartsWith(name, death);
                    })) {
      inputs.push_back(entry.path());
    }
  }
  std::sort(inputs.begin(), inputs.end());
  return inputs.empty() ? "" : inputs.front();
}

SliceResult ReadFuzzSlice(absl::string_view said, bool ended_well,
                          double cpu_seconds, const std::string& slice_out) {
  SliceResult result;
  result.lasted = cpu_seconds;
  bool judged = false;
  for (const absl::string_view line : absl::StrSplit(said, '\n')) {
    TakeExecutions(line, &result);
    if (judged) continue;
    judged = TakeVerdict(line, &result);
    if (!judged) TakeError(line, &result);
  }
  const std::string folder = absl::StrCat(slice_out, "/", kFinding);
  result.found = !result.verdict.empty() && !FuzzInputIn(folder).empty();
  if (result.found) {
    result.seconds = cpu_seconds;
    result.folder = kFinding;
  } else if (!ended_well) {
    result.failure = "it ended by itself and left no input";
  }
  return result;
}

std::vector<std::string> FuzzReplayCommand(const SliceSpec& slice,
                                           const Programs& programs,
                                           const std::string& input) {
  return {PathOf(kTeller, *slice.subject, programs), "replay", input};
}

std::vector<std::string> FuzzShrinkCommand(const SliceSpec& slice,
                                           const Programs& programs,
                                           const std::string& input) {
  return {PathOf(kTeller, *slice.subject, programs), "shrink", input,
          absl::StrCat("--seconds=", slice.shrink_seconds)};
}

// "12 choices (340 before), needs at most 2 preemptions: FOLDER"
std::optional<Preemptions> ReadFuzzShrink(absl::string_view said) {
  constexpr absl::string_view kNeeds = ", needs ";
  const size_t at = said.find(kNeeds);
  if (at == absl::string_view::npos) return std::nullopt;
  said.remove_prefix(at + kNeeds.size());
  Preemptions preemptions;
  preemptions.fewest = !absl::ConsumePrefix(&said, "at most ");
  if (!absl::SimpleAtoi(said.substr(0, said.find(' ')), &preemptions.needed) ||
      preemptions.needed < 0) {
    return std::nullopt;
  }
  return preemptions;
}

}  // namespace reveille::stress

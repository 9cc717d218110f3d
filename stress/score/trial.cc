#include "stress/score/trial.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "stress/driver/exit_codes.h"
#include "stress/report/files.h"
#include "stress/score/fuzz_lens.h"

namespace reveille::stress {
namespace {

// A finding on real threads is repeated by running its round over and over for
// so long.
constexpr const char* kReplayDuration = "2s";
constexpr int64_t kReplayLimitMs = 120'000;
// Slices that fail one after the other, with nothing searched yet: the program
// cannot work here.
constexpr int kHopeless = 5;

std::string CommandOf(std::vector<std::string> words) {
  words[0] = "reveille";
  words.erase(std::remove_if(words.begin(), words.end(),
                             [](const std::string& word) {
                               return word.rfind("--out=", 0) == 0;
                             }),
              words.end());
  return absl::StrJoin(words, " ");
}

}  // namespace

std::string NameOf(const TrialKey& key) {
  return absl::StrCat(key.group, ".", key.subject, ".", key.lens, ".",
                      key.rescuers ? "rescuers" : "bare", ".", key.number);
}

Trial::Trial(TrialPlan plan, TrialContext* context)
    : plan_(std::move(plan)),
      context_(context),
      slices_(context->scenarios, plan_.seed) {
  result_.key = plan_.key;
  result_.seed = plan_.seed;
}

Trial::~Trial() {
  program_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(scratch(), ignored);
}

std::string Trial::scratch() const {
  return absl::StrCat(context_->out, "/.scratch-", NameOf(plan_.key));
}

std::string Trial::Where() const {
  return absl::StrCat(plan_.key.subject, " ", plan_.key.lens,
                      plan_.key.rescuers ? " rescuers" : "", " #",
                      plan_.key.number, " ",
                      PlaceOf(slice_.scenario, slice_.procs));
}

bool Trial::Step() {
  if (program_ == nullptr) return StartSlice();
  if (!program_->HasEnded()) return false;
  if (shrinking_) return DigestShrinking();
  if (!replay_.empty()) return DigestReplay();
  return DigestSlice() || (program_ == nullptr && StartSlice());
}

SliceSpec Trial::SpecOf(const Slice& slice) const {
  SliceSpec spec;
  spec.lens = plan_.lens;
  spec.subject = plan_.subject;
  spec.rescuers = plan_.key.rescuers;
  spec.scenario = slice.scenario;
  spec.procs = slice.procs;
  spec.ms = slice.ms;
  spec.schedules = plan_.schedules == 0 ? 0 : slice.schedules;
  spec.seed = slice.seed;
  spec.shrink_seconds = plan_.shrink_seconds;
  spec.out = scratch();
  spec.seeds = context_->seeds;
  return spec;
}

bool Trial::Fail(const std::string& why) {
  ++result_.failed_slices;
  result_.failure = why;
  const bool hopeless =
      result_.searched == 0 && result_.failed_slices >= kHopeless;
  return hopeless && GiveUp(why);
}

bool Trial::GiveUp(const std::string& why) {
  result_.gave_up = true;
  result_.failure = why;
  return true;
}

// False: there is none.
bool Trial::NextSlice() {
  if (!slices_.Next(context_->skipped[plan_.subject->pool], &slice_)) {
    return false;
  }
  if (!Fuzzes()) return true;
  slice_.scenario = kFuzzScenario;
  slice_.procs = 0;
  slice_.ms = std::numeric_limits<int64_t>::max();
  slice_.schedules = std::numeric_limits<uint64_t>::max();
  return true;
}

// To what is left of the budget. False: nothing is.
bool Trial::FitSlice() {
  if (plan_.schedules == 0) {
    slice_.ms = std::min(slice_.ms, plan_.budget_ms - searched_ms_);
    return slice_.ms > 0;
  }
  if (result_.searched >= plan_.schedules) return false;
  slice_.schedules =
      std::min(slice_.schedules, plan_.schedules - result_.searched);
  return true;
}

bool Trial::StartSlice() {
  if (!NextSlice()) {
    return GiveUp("no scenario can be run on this pool");
  }
  if (!FitSlice()) return true;
  std::error_code ignored;
  std::filesystem::remove_all(scratch(), ignored);
  absl::Status folder = MakeFolder(scratch());
  const SliceSpec spec = SpecOf(slice_);
  if (folder.ok() && Fuzzes()) folder = MakeFuzzFolders(spec);
  if (!folder.ok()) return GiveUp(std::string(folder.message()));
  ProgramLimits limits = {SliceLimitMs(spec)};
  // Who counts processor time by himself ends by himself.
  if (Fuzzes() && spec.schedules == 0) limits.cpu_ms = spec.ms;
  auto program = Program::Start(SliceCommand(spec, context_->programs),
                                scratch() + "/output", limits);
  if (program.ok()) {
    program_ = *std::move(program);
    return false;
  }
  return GiveUp(std::string(program.status().message()));
}

SliceResult Trial::WhatItSaid() const {
  if (Fuzzes()) {
    return ReadFuzzSlice(ReadWhole(scratch() + "/output").value_or(""),
                         EndedWellFuzzing(*program_), program_->cpu_seconds(),
                         scratch());
  }
  return ReadSlice(*plan_.lens,
                   ReadWhole(scratch() + "/results.jsonl").value_or(""));
}

bool Trial::DigestSlice() {
  const SliceResult said = WhatItSaid();
  const std::string how = program_->HowItEnded();
  int64_t ms = program_->ms();
  // What it takes to start a program is no part of what a lens needs.
  if (said.lasted >= 0) {
    ms = std::min(ms, static_cast<int64_t>(said.lasted * 1000) + 1);
  }
  program_.reset();
  ++context_->slices_done;
  if (said.skipped) {
    context_->skipped[plan_.subject->pool].insert(slice_.scenario);
    return false;
  }
  ++result_.slices;
  result_.searched += said.searched;
  result_.seconds = static_cast<double>(searched_ms_) / 1000;
  result_.seconds +=
      said.seconds >= 0 ? said.seconds : static_cast<double>(ms) / 1000;
  searched_ms_ += ms;
  if (said.found) return Take(said);
  if (said.failure.empty()) return false;
  return Fail(absl::StrCat(PlaceOf(slice_.scenario, slice_.procs), ": ",
                           said.failure, " (", how, ")"));
}

bool Trial::Take(const SliceResult& found) {
  result_.found = true;
  result_.right = IsRightUnder(*plan_.lens, *plan_.subject, found.verdict,
                               plan_.key.rescuers);
  result_.verdict = found.verdict;
  result_.what = found.what;
  result_.scenario = slice_.scenario;
  result_.procs = slice_.procs;
  result_.preemptions = found.preemptions;
  result_.fewest_preemptions = found.fewest_preemptions;
  const SliceSpec spec = SpecOf(slice_);
  result_.command = Fuzzes()
                        ? FuzzCommandForPeople(spec, context_->programs)
                        : CommandOf(SliceCommand(spec, context_->programs));
  if (plan_.keep || !result_.right) KeepFolder(found.folder);
  const bool shrinks =
      Fuzzes() && plan_.shrink_seconds > 0 && !result_.folder.empty();
  const bool replays = plan_.replays > 0 && PlanReplays(found.round);
  if (shrinks && !StartShrinking()) return false;
  return !replays || StartReplay();
}

// False: it cannot be repeated.
bool Trial::PlanReplays(uint64_t round) {
  const SliceSpec spec = SpecOf(slice_);
  std::vector<std::string> words = SliceCommand(spec, context_->programs);
  const std::string folder = context_->out + "/" + result_.folder;
  if (DecidesSchedules(*plan_.lens) && result_.folder.empty()) return false;
  if (Fuzzes()) {
    replay_ = FuzzReplayCommand(spec, context_->programs, FuzzInputIn(folder));
  } else if (plan_.lens->kind == LensKind::kExplore) {
    replay_ = {words[0], "replay", folder};
  } else {
    replay_ = std::move(words);
    for (std::string& word : replay_) {
      if (word.rfind("--duration=", 0) == 0) {
        word = absl::StrCat("--duration=", kReplayDuration);
      }
    }
    replay_.push_back(absl::StrCat("--round=", round));
  }
  return true;
}

void Trial::KeepFolder(const std::string& beneath) {
  if (beneath.empty()) return;
  const std::string kept = absl::StrCat("findings/", NameOf(plan_.key));
  const std::string target = absl::StrCat(context_->out, "/", kept);
  std::error_code error;
  std::filesystem::create_directories(context_->out + "/findings", error);
  std::filesystem::remove_all(target, error);
  std::filesystem::rename(absl::StrCat(scratch(), "/", beneath), target, error);
  if (!error) result_.folder = kept;
}

// True: it could not be begun. An explore slice does it by itself.
bool Trial::StartShrinking() {
  const SliceSpec spec = SpecOf(slice_);
  const std::string input = FuzzInputIn(context_->out + "/" + result_.folder);
  auto program = Program::Start(
      FuzzShrinkCommand(spec, context_->programs, input), scratch() + "/output",
      {kReplayLimitMs + static_cast<int64_t>(plan_.shrink_seconds * 1000)});
  if (!program.ok()) return true;
  program_ = *std::move(program);
  shrinking_ = true;
  return false;
}

bool Trial::DigestShrinking() {
  shrinking_ = false;
  program_.reset();
  const auto preemptions =
      ReadFuzzShrink(ReadWhole(scratch() + "/output").value_or(""));
  if (preemptions) {
    result_.preemptions = preemptions->needed;
    result_.fewest_preemptions = preemptions->fewest;
  }
  return replay_.empty() || StartReplay();
}

bool Trial::StartReplay() {
  auto program =
      Program::Start(replay_, scratch() + "/output", {kReplayLimitMs});
  if (!program.ok()) return true;
  program_ = *std::move(program);
  return false;
}

bool Trial::DigestReplay() {
  ++result_.replays;
  if (program_->exit_code() == kExitFound) ++result_.same;
  program_.reset();
  return result_.replays >= plan_.replays || StartReplay();
}

}  // namespace reveille::stress

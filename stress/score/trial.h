// Trial: one lens on one subject until it finds something or its time is over,
// slice after slice; of fuzzing, which learns, one slice takes all. Each trial
// has its own seed.
#ifndef REVEILLE_STRESS_SCORE_TRIAL_H_
#define REVEILLE_STRESS_SCORE_TRIAL_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"
#include "stress/score/lens.h"
#include "stress/score/program.h"
#include "stress/score/slice_result.h"
#include "stress/score/slices.h"
#include "stress/score/subject.h"

namespace reveille::stress {

// Which trial it is; its name is that of its folder of findings.
struct TrialKey {
  std::string group;
  std::string subject;
  std::string lens;
  bool rescuers = false;
  int number = 0;

  auto operator<=>(const TrialKey&) const = default;
};
std::string NameOf(const TrialKey& key);

// As a line of trials.jsonl has it.
struct TrialResult {
  TrialKey key;
  uint64_t seed = 0;
  bool found = false;
  bool right = false;     // The verdict is one that the subject should show.
  double seconds = 0;     // To the first finding, or in all.
  uint64_t searched = 0;  // Schedules or rounds, likewise.
  int slices = 0;
  int failed_slices = 0;  // In which nothing could be judged.
  std::string failure;    // Why, of the last of them.
  bool gave_up = false;  // Before its time was over: not to find means nothing.
  bool judged() const { return found || (searched > 0 && !gave_up); }

  // Of what was found.
  std::string verdict;
  std::string what;
  std::string scenario;
  int procs = 0;
  std::string command;
  std::string folder;  // Beneath the score's own; "" if it was not kept.
  int preemptions = -1;
  bool fewest_preemptions = false;
  int replays = 0;  // How often it was repeated,
  int same = 0;     // and how often it was found again.
};
nlohmann::json ToJson(const TrialResult& result);
std::optional<TrialResult> TrialFromJson(const nlohmann::json& json);

struct TrialPlan {
  TrialKey key;
  const Lens* lens;
  const Subject* subject;
  uint64_t seed = 0;
  int64_t budget_ms = 0;
  uint64_t schedules = 0;  // Not 0: the budget, in place of time.
  // Of a trial that is to be known better than by its time.
  double shrink_seconds = 0;
  int replays = 0;
  bool keep = false;  // What it finds, when that is as it should be.
};

// What all trials share: where things are, and which scenarios a pool cannot
// run, as the first trial learns.
struct TrialContext {
  Programs programs;
  std::string out;
  std::string seeds;  // The folder that fuzzing begins with.
  std::vector<std::string> scenarios;
  std::map<std::string, std::set<std::string>> skipped;  // By pool.
  uint64_t slices_done = 0;
};

class Trial {
 public:
  Trial(TrialPlan plan, TrialContext* context);
  ~Trial();

  // Never waits. True: it is over.
  bool Step();
  const TrialResult& result() const { return result_; }
  // Where it is, for people.
  std::string Where() const;

 private:
  SliceSpec SpecOf(const Slice& slice) const;
  bool NextSlice();
  bool FitSlice();
  bool Fuzzes() const { return plan_.lens->kind == LensKind::kFuzz; }
  bool StartSlice();
  bool DigestSlice();
  SliceResult WhatItSaid() const;
  bool Take(const SliceResult& found);
  void KeepFolder(const std::string& beneath);
  bool PlanReplays(uint64_t round);
  bool StartShrinking();
  bool DigestShrinking();
  bool StartReplay();
  bool DigestReplay();
  bool Fail(const std::string& why);
  bool GiveUp(const std::string& why);
  std::string scratch() const;

  const TrialPlan plan_;
  TrialContext* const context_;
  Slices slices_;
  Slice slice_;
  int64_t searched_ms_ = 0;
  std::unique_ptr<Program> program_;
  bool shrinking_ = false;
  std::vector<std::string> replay_;  // Set once it is being repeated.
  TrialResult result_;
};

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_SCORE_TRIAL_H_

// Campaign: the parent's side of `reveille stress`. It shares the time among
// lanes (a scenario with a number of Ps), runs each slice in a child process,
// and makes a result of whatever becomes of the child.
#ifndef REVEILLE_STRESS_DRIVER_CAMPAIGN_H_
#define REVEILLE_STRESS_DRIVER_CAMPAIGN_H_

#include <signal.h>

#include <cstdint>
#include <string>
#include <vector>

#include "nlohmann/json.hpp"
#include "stress/driver/child_process.h"
#include "stress/driver/progress.h"
#include "stress/driver/stress_options.h"

namespace reveille::stress {

// A scenario with a number of Ps.
struct Lane {
  RunSpec spec;
  uint64_t rounds = 0;
  uint64_t tasks = 0;
  uint64_t findings = 0;
  double p99_gap_ms = -1;  // Of the last slice, as is the next; -1: unknown.
  double max_gap_ms = -1;
  bool over = false;
  std::string note;  // Why it was over early, or did not begin.
};

class Campaign {
 public:
  explicit Campaign(const StressOptions& options);

  // Returns the exit code.
  int Run();

 private:
  void RunPass();
  void RunSlice(Lane* lane, int64_t budget_ms);
  void Await(ChildProcess* child, const Lane& lane, int64_t budget_ms);
  void ObeySignals(ChildProcess* child);
  void Digest(const ChildProcess& child, const RunSpec& spec, Lane* lane);
  nlohmann::json Reconstruct(const ChildProcess& child, const RunSpec& spec);
  void Absorb(const nlohmann::json& line, Lane* lane);
  void AddVerdicts(const nlohmann::json& line, Lane* lane);
  void AddGaps(const nlohmann::json& line, Lane* lane);
  void Show(const Lane& lane, const ChildProcess& child);
  void Summarize();
  int ExitCode() const;

  int64_t ElapsedMs() const;
  int64_t LeftMs() const { return options_.spec.budget_ms - ElapsedMs(); }
  bool Unfinished() const;

  const StressOptions options_;
  const int64_t began_ns_;
  Progress progress_;
  std::vector<Lane> lanes_;
  uint64_t findings_ = 0;
  bool interrupted_ = false;
  bool failed_ = false;   // The tool itself, or a hang that nobody judged.
  bool skipped_ = false;  // Some scenario needs what the pool lacks.
};

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_DRIVER_CAMPAIGN_H_

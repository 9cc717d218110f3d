// ScoreRun: runs the trials of a plan, some at a time, and keeps the folder of
// the score whole whatever happens:
//
//   plan.json      what was asked for
//   trials.jsonl   a line per trial that has ended; all else follows from it
//   score.json     the cells, for programs
//   score.md       the same for people
//   findings/      what the first trials found, and all that should not be
//   seeds/         what the lens fuzz begins with
//   results.jsonl  one line at the end: what the score is red for
#ifndef REVEILLE_STRESS_SCORE_SCORE_RUN_H_
#define REVEILLE_STRESS_SCORE_SCORE_RUN_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "stress/driver/progress.h"
#include "stress/score/cell.h"
#include "stress/score/plan.h"
#include "stress/score/trial.h"

namespace reveille::stress {

class ScoreRun {
 public:
  // `plan` was made from `options` and outlives this.
  ScoreRun(const ScoreOptions& options, const ScorePlan& plan,
           TrialContext context);

  // What an interrupted one left in the folder.
  absl::Status Resume();
  // Until all is done or a signal says so; the exit code.
  int Run();

 private:
  bool Wait();
  void StartMore();
  void StepAll();
  void Settle(const TrialResult& result);
  void Show();
  double LeftSeconds() const;
  double ElapsedSeconds() const;
  nlohmann::json Summary(const std::vector<Cell>& cells) const;
  nlohmann::json ResultLine(const std::vector<Cell>& cells) const;
  absl::Status WriteScore();
  absl::Status Finish();
  int ExitCode() const;
  void Tell();

  const ScoreOptions options_;
  const ScorePlan& plan_;
  TrialContext context_;
  Progress progress_{false};
  const int64_t began_ms_;
  std::string started_at_;
  Results results_;
  size_t next_ = 0;
  std::vector<std::unique_ptr<Trial>> running_;
  int done_now_ = 0;  // Not counting those of an earlier run.
  int found_now_ = 0;
  int64_t written_ms_ = 0;
  bool interrupted_ = false;
  absl::Status broken_;  // Why the folder cannot be written.
};

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_SCORE_SCORE_RUN_H_

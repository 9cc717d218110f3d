// Cell: all trials of one lens on one subject, and what they come to.
#ifndef REVEILLE_STRESS_SCORE_CELL_H_
#define REVEILLE_STRESS_SCORE_CELL_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "nlohmann/json.hpp"
#include "stress/score/plan.h"
#include "stress/score/trial.h"

namespace reveille::stress {

struct Cell {
  const Lens* lens = nullptr;
  const Subject* subject = nullptr;
  bool rescuers = false;
  int planned = 0;
  std::vector<TrialResult> trials;  // That are done, by number.

  int found() const;
  int judged() const;  // The rest of them could search nothing.
  int right() const;
  // Over the trials that found something.
  std::optional<double> MedianSeconds() const;
  std::optional<double> MedianSearched() const;
  std::map<std::string, int> Verdicts() const;
  std::map<std::string, int> Places() const;  // scenario/procs
  const TrialResult* First() const;           // Number 0, if it found.
  // Whether not to find it is a failure.
  bool MustFind() const;
};

using Results = std::map<TrialKey, TrialResult>;
std::vector<Cell> FoldCells(const ScorePlan& plan, const Results& results);
nlohmann::json ToJson(const Cell& cell);

// What a score is red for; a line for people, and what it is about.
struct Shortcoming {
  std::string verdict;  // missed-bug, wrong-verdict or false-alarm.
  const Cell* cell;
  std::string what;
};
std::vector<Shortcoming> ShortcomingsOf(const std::vector<Cell>& cells);

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_SCORE_CELL_H_

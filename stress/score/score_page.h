// ScorePage: the score for people, as Markdown.
#ifndef REVEILLE_STRESS_SCORE_SCORE_PAGE_H_
#define REVEILLE_STRESS_SCORE_SCORE_PAGE_H_

#include <string>
#include <vector>

#include "stress/score/cell.h"
#include "stress/score/plan.h"

namespace reveille::stress {

// One row a bug, one column a lens; then what finding took, where nothing was
// to be found, and what was not run.
std::string ScorePage(const ScoreOptions& options, const ScorePlan& plan,
                      const std::vector<Cell>& cells);

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_SCORE_SCORE_PAGE_H_

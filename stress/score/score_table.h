// The tables of a README, made from score.json and nothing else, so that
// whoever doubts them can make them again.
#ifndef REVEILLE_STRESS_SCORE_SCORE_TABLE_H_
#define REVEILLE_STRESS_SCORE_SCORE_TABLE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace reveille::stress {

// Markdown, from the texts of one or more score.json: what each was asked for;
// if they know several lenses, a table of all bugs by all lenses; and what it
// took the lenses to find the bugs, which with several lenses is told of the
// judge (explore-portfolio, rescuers off) alone.
absl::StatusOr<std::string> ScoreTable(const std::vector<std::string>& scores);

// Puts `table` between the lines kTableBegin and kTableEnd of the file.
inline constexpr const char* kTableBegin = "<!-- score: begin -->\n";
inline constexpr const char* kTableEnd = "<!-- score: end -->\n";
absl::Status PutTableInto(const std::string& path, const std::string& table);

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_SCORE_SCORE_TABLE_H_

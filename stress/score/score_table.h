// The table of a README, made from a score.json and nothing else, so that
// whoever doubts it can make it again.
#ifndef REVEILLE_STRESS_SCORE_SCORE_TABLE_H_
#define REVEILLE_STRESS_SCORE_SCORE_TABLE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace reveille::stress {

// Markdown, from the text of a score.json.
absl::StatusOr<std::string> ScoreTable(const std::string& score_json);

// Puts `table` between the lines kTableBegin and kTableEnd of the file.
inline constexpr const char* kTableBegin = "<!-- score: begin -->\n";
inline constexpr const char* kTableEnd = "<!-- score: end -->\n";
absl::Status PutTableInto(const std::string& path, const std::string& table);

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_SCORE_SCORE_TABLE_H_

#include "stress/score/score_table.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "nlohmann/json.hpp"
#include "stress/report/files.h"

namespace reveille::stress {
namespace {

constexpr const char* kSchema = "reveille-score/1";

// The most frequent ones first; "" for none.
std::string Frequent(const nlohmann::json& counts, size_t most) {
  std::vector<std::pair<int, std::string>> entries;
  for (const auto& [name, count] : counts.items()) {
    entries.emplace_back(-count.get<int>(), name);
  }
  std::sort(entries.begin(), entries.end());
  const bool more = entries.size() > most;
  if (more) entries.resize(most);
  return absl::StrCat(absl::StrJoin(entries, ", ",
                                    [](std::string* out, const auto& entry) {
                                      absl::StrAppend(out, entry.second);
                                    }),
                      more ? ", ..." : "");
}

std::string SecondsOf(const nlohmann::json& value) {
  if (!value.is_number()) return "";
  const double s = value.get<double>();
  return s < 9.95 ? absl::StrFormat("%.1f", s) : absl::StrFormat("%.0f", s);
}

std::string CountOf(const nlohmann::json& value) {
  return value.is_number() ? absl::StrFormat("%.0f", value.get<double>()) : "";
}

std::string UnitOf(const nlohmann::json& cell) {
  return cell.contains("median_schedules") ? "schedules" : "rounds";
}

std::string FoundOf(const nlohmann::json& cell) {
  const int found = cell.at("found"), right = cell.at("right_verdict");
  std::string text = absl::StrCat(found, "/", cell.at("trials").get<int>());
  if (right < found) absl::StrAppend(&text, " (", right, " right)");
  return text;
}

// Of the schedule that the first trial made smaller; "" if it was not asked to.
std::string PreemptionsOf(const nlohmann::json& cell) {
  const int preemptions = cell.value("preemptions", -1);
  if (preemptions < 0) return "";
  return absl::StrCat(cell.value("fewest_preemptions", false) ? "" : "<= ",
                      preemptions);
}

std::string ReplaysOf(const nlohmann::json& cell) {
  const auto replays = cell.find("replays");
  if (replays == cell.end() || replays->value("of", 0) == 0) return "";
  return absl::StrCat(replays->at("same").get<int>(), "/",
                      replays->at("of").get<int>());
}

std::string Row(const nlohmann::json& cell) {
  const bool must = cell.at("must_find").get<bool>();
  return absl::StrCat("| ", cell.at("group").get<std::string>(), " | `",
                      cell.at("bug").get<std::string>(), "` | ", FoundOf(cell),
                      must ? "" : " (measured only)", " | ",
                      SecondsOf(cell.at("median_seconds")), " | ",
                      CountOf(cell.at("median_" + UnitOf(cell))), " | ",
                      PreemptionsOf(cell), " | ", ReplaysOf(cell), " | ",
                      Frequent(cell.at("verdicts"), 3), " | ",
                      Frequent(cell.at("places"), 2), " |\n");
}

std::string TitleOf(const nlohmann::json& cell) {
  return absl::StrCat(
      cell.at("lens").get<std::string>(),
      cell.at("rescuers").get<bool>() ? ", rescuers on" : ", rescuers off");
}

bool IsTheJudge(const std::string& title) {
  return title == "explore-portfolio, rescuers off";
}

std::string Head(const std::string& title, const std::string& unit) {
  return absl::StrCat("**", title, "**\n\n| | bug | found | seconds | ", unit,
                      " | preemptions | repeated | verdicts | mostly met in |\n"
                      "|---|---|---|---|---|---|---|---|---|\n");
}

struct CleanSum {
  int pools = 0;
  int found = 0;
  uint64_t searched = 0;
};

std::string Budget(const nlohmann::json& options) {
  const uint64_t schedules = options.value("schedules", uint64_t{0});
  return schedules != 0
             ? absl::StrCat(schedules, " schedules")
             : absl::StrFormat("%.0f s", options.at("budget_s").get<double>());
}

std::string Intro(const nlohmann::json& score) {
  const nlohmann::json& options = score.at("options");
  std::vector<std::string> lenses;
  for (const nlohmann::json& lens : options.at("lenses")) {
    lenses.push_back(absl::StrCat("`", lens.get<std::string>(), "`"));
  }
  return absl::StrFormat(
      "%s: %d trials a bug of at most %s, seed %d; begun %s%s.\n",
      absl::StrJoin(lenses, ", "), options.at("trials").get<int>(),
      Budget(options), options.at("seed").get<uint64_t>(),
      score.at("started_at").get<std::string>(),
      score.at("complete").get<bool>() ? "" : ", and not complete");
}

std::string Shortcomings(const nlohmann::json& score) {
  std::string text;
  for (const nlohmann::json& s : score.at("shortcomings")) {
    absl::StrAppend(&text, "- **", s.at("verdict").get<std::string>(),
                    "**: ", s.at("what").get<std::string>(), "\n");
  }
  return text;
}

// All that the scores say, in the order in which they say it.
class Tables {
 public:
  void Add(const nlohmann::json& score) {
    if (!intro_.empty()) intro_ += "\n";
    intro_ += Intro(score);
    for (const nlohmann::json& cell : score.at("cells")) {
      cells_.emplace(std::pair(cell.at("group").get<std::string>(),
                               cell.at("bug").get<std::string>()),
                     cell);
    }
    shortcomings_ += Shortcomings(score);
  }

  // By group and bug, whichever score they are from.
  void Sort() {
    for (const auto& [name, cell] : cells_) {
      const std::string title = TitleOf(cell);
      if (cell.at("expected").get<bool>()) {
        AddBug(title, cell);
      } else {
        AddClean(absl::StrCat(UnitOf(cell), " under ", title), cell);
      }
    }
  }

  std::string Text() const {
    std::string text = intro_;
    if (columns_.size() > 1) absl::StrAppend(&text, "\n", Matrix());
    for (const auto& [title, table] : details_) {
      if (columns_.size() > 1 && !IsTheJudge(title)) continue;
      absl::StrAppend(&text, "\n", table);
    }
    for (const auto& [title, sum] : clean_) {
      absl::StrAppend(&text, "\nWhere there is no bug (", sum.pools,
                      " pools): ", sum.found, " findings in ", sum.searched,
                      " ", title, ".\n");
    }
    if (shortcomings_.empty()) return text;
    return absl::StrCat(text, "\nNot as it should be:\n\n", shortcomings_);
  }

 private:
  void AddBug(const std::string& title, const nlohmann::json& cell) {
    std::string& table = details_[title];
    if (table.empty()) {
      table = Head(title, UnitOf(cell));
      columns_.push_back(title);
    }
    table += Row(cell);
    const std::string bug =
        absl::StrCat("| ", cell.at("group").get<std::string>(), " | `",
                     cell.at("bug").get<std::string>(), "`");
    if (!squares_.contains(bug)) bugs_.push_back(bug);
    const std::string seconds = SecondsOf(cell.at("median_seconds"));
    squares_[bug][title] =
        absl::StrCat(FoundOf(cell), seconds.empty() ? "" : ", ", seconds,
                     seconds.empty() ? "" : " s");
  }

  void AddClean(const std::string& title, const nlohmann::json& cell) {
    CleanSum& sum = clean_[title];
    ++sum.pools;
    sum.found += cell.at("found").get<int>();
    for (const nlohmann::json& trial : cell.at("each")) {
      sum.searched += trial.at("searched").get<uint64_t>();
    }
  }

  std::string Matrix() const {
    std::string text = "| | bug |";
    std::string rule = "|---|---|";
    for (const std::string& column : columns_) {
      absl::StrAppend(&text, " ", column, " |");
      rule += "---|";
    }
    absl::StrAppend(&text, "\n", rule, "\n");
    for (const std::string& bug : bugs_) {
      text += bug;
      for (const std::string& column : columns_) {
        const auto& row = squares_.at(bug);
        const auto square = row.find(column);
        absl::StrAppend(&text, " | ",
                        square == row.end() ? "not run" : square->second);
      }
      text += " |\n";
    }
    return text;
  }

  std::multimap<std::pair<std::string, std::string>, nlohmann::json> cells_;
  std::string intro_;
  std::string shortcomings_;
  std::vector<std::string> columns_;
  std::vector<std::string> bugs_;
  std::map<std::string, std::string> details_;
  std::map<std::string, std::map<std::string, std::string>> squares_;
  std::map<std::string, CleanSum> clean_;
};

}  // namespace

absl::StatusOr<std::string> ScoreTable(const std::vector<std::string>& scores) {
  Tables tables;
  try {
    for (const std::string& text : scores) {
      const nlohmann::json score = nlohmann::json::parse(text, nullptr, false);
      if (!score.is_object() || score.value("schema", "") != kSchema) {
        return absl::InvalidArgumentError(
            absl::StrCat("no score: its schema is not ", kSchema));
      }
      tables.Add(score);
    }
    tables.Sort();
    return tables.Text();
  } catch (const nlohmann::json::exception& e) {
    return absl::InvalidArgumentError(absl::StrCat("no score: ", e.what()));
  }
}

absl::Status PutTableInto(const std::string& path, const std::string& table) {
  absl::StatusOr<std::string> text = ReadWhole(path);
  if (!text.ok()) return text.status();
  const size_t begin = text->find(kTableBegin);
  const size_t end = text->find(kTableEnd);
  if (begin == std::string::npos || end == std::string::npos || end < begin) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, " has no lines '", absl::string_view(kTableBegin, 21), "' and '",
        absl::string_view(kTableEnd, 19), "' for the table to go between"));
  }
  const size_t inside = begin + absl::string_view(kTableBegin).size();
  text->replace(inside, end - inside, absl::StrCat("\n", table, "\n"));
  return WriteWhole(path, *text);
}

}  // namespace reveille::stress

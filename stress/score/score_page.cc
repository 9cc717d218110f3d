#include "stress/score/score_page.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "nlohmann/json.hpp"
#include "stress/report/run_record.h"

namespace reveille::stress {
namespace {

std::string Seconds(double s) {
  if (s < 0.095) return absl::StrFormat("%.3f s", s);
  if (s < 9.95) return absl::StrFormat("%.1f s", s);
  return absl::StrFormat("%.0f s", s);
}

std::string Column(const Lens& lens, bool rescuers) {
  return absl::StrCat(lens.name, rescuers ? ", rescuers on" : "");
}

// A cell of a table must not end it.
std::string Quoted(const std::string& text) {
  return absl::StrReplaceAll(text, {{"|", "\\|"}, {"\n", " "}});
}

std::string Square(const Cell& cell) {
  if (cell.trials.empty()) return "";
  std::string text = absl::StrCat(cell.found(), "/", cell.judged());
  if (const auto seconds = cell.MedianSeconds()) {
    absl::StrAppend(&text, " ", Seconds(*seconds));
  }
  if (NamesVerdicts(*cell.lens) && cell.right() < cell.found()) {
    absl::StrAppend(&text, ", ", cell.right(), " right");
  }
  const int failed = static_cast<int>(cell.trials.size()) - cell.judged();
  if (failed > 0) absl::StrAppend(&text, ", ", failed, " failed");
  if (DecidesSchedules(*cell.lens) && !cell.subject->explore_should_find) {
    absl::StrAppend(&text, " (not expected)");
  }
  return text;
}

std::string Head(const std::vector<std::string>& columns) {
  std::string rule = "|";
  for (size_t i = 0; i < columns.size(); ++i) rule += "---|";
  return absl::StrCat("| ", absl::StrJoin(columns, " | "), " |\n", rule, "\n");
}

std::string Row(const std::vector<std::string>& cells) {
  return absl::StrCat("| ", absl::StrJoin(cells, " | "), " |\n");
}

std::string Counts(const std::map<std::string, int>& counts) {
  if (counts.size() == 1) return counts.begin()->first;
  return absl::StrJoin(counts, ", ", [](std::string* out, const auto& entry) {
    absl::StrAppend(out, entry.first, " ", entry.second, "x");
  });
}

std::string Intro(const ScoreOptions& options, const std::vector<Cell>& cells) {
  int planned = 0, done = 0;
  for (const Cell& cell : cells) {
    planned += cell.planned;
    done += static_cast<int>(cell.trials.size());
  }
  const nlohmann::json build = BuildInfo();
  return absl::StrFormat(
      "# The score of the judges\n\nFound in k of n trials, and the median "
      "seconds to the finding. A trial ends\nwith its first finding, or after "
      "%s; it goes through all scenarios that\nthe pool supports with one, two "
      "and three workers, in short slices, the\nsame way for every bug. "
      "%d trials a bug, seed %d; %d of %d trials are done.\nBuilt by %s, "
      "%s.\n\n",
      options.schedules != 0
          ? absl::StrCat(options.schedules, " schedules")
          : Seconds(static_cast<double>(options.budget_ms) / 1000),
      options.trials, options.seed, done, planned,
      build["compiler"].get<std::string>(),
      build["build_type"].get<std::string>());
}

std::string Matrix(const ScorePlan& plan, const std::vector<Cell>& cells) {
  std::vector<std::string> head = {"", "bug"};
  std::map<std::tuple<std::string, std::string, std::string>, const Cell*> at;
  for (const Cell& cell : cells) {
    const std::string column = Column(*cell.lens, cell.rescuers);
    if (std::find(head.begin(), head.end(), column) == head.end()) {
      head.push_back(column);
    }
    at[{cell.subject->group, cell.subject->name, column}] = &cell;
  }
  std::string text = Head(head);
  for (const Subject& subject : plan.subjects) {
    if (!subject.has_bug) continue;
    std::vector<std::string> row = {subject.group, subject.name};
    for (size_t i = 2; i < head.size(); ++i) {
      const auto cell = at.find({subject.group, subject.name, head[i]});
      row.push_back(cell == at.end() ? "not run" : Square(*cell->second));
    }
    text += Row(row);
  }
  return text + "\n";
}

std::vector<std::string> WhatItTook(const Cell& cell) {
  std::vector<std::string> row = {
      cell.subject->name, absl::StrCat(cell.found(), "/", cell.judged()),
      Seconds(cell.MedianSeconds().value_or(0)),
      absl::StrFormat("%.0f", cell.MedianSearched().value_or(0))};
  const TrialResult* first = cell.First();
  const bool known = first != nullptr && first->preemptions >= 0;
  row.push_back(known ? absl::StrCat(first->fewest_preemptions ? "" : "<= ",
                                     first->preemptions)
                      : "");
  row.push_back(first != nullptr && first->replays > 0
                    ? absl::StrCat(first->same, "/", first->replays)
                    : "");
  row.push_back(Counts(cell.Verdicts()));
  row.push_back(Counts(cell.Places()));
  return row;
}

// For each lens, since a table of all would be too wide to read.
std::string Details(const std::vector<Cell>& cells) {
  std::map<std::string, std::string> tables;
  for (const Cell& cell : cells) {
    if (!cell.subject->has_bug || cell.found() == 0) continue;
    std::string& table = tables[Column(*cell.lens, cell.rescuers)];
    if (table.empty()) {
      table = Head({"bug", "found", "seconds", UnitOfSearch(*cell.lens),
                    "preemptions", "repeated", "verdict", "met in"});
    }
    table += Row(WhatItTook(cell));
  }
  std::string text;
  for (const auto& [column, table] : tables) {
    absl::StrAppend(&text, "## What it took: ", column, "\n\n", table, "\n");
  }
  return text;
}

std::string Clean(const std::vector<Cell>& cells) {
  struct Sum {
    int subjects = 0, trials = 0, found = 0;
    uint64_t searched = 0;
    std::string unit;
  };
  std::map<std::string, Sum> sums;
  for (const Cell& cell : cells) {
    if (cell.subject->has_bug || cell.trials.empty()) continue;
    Sum& sum = sums[Column(*cell.lens, cell.rescuers)];
    ++sum.subjects;
    sum.trials += cell.judged();
    sum.found += cell.found();
    sum.unit = UnitOfSearch(*cell.lens);
    for (const TrialResult& trial : cell.trials) sum.searched += trial.searched;
  }
  if (sums.empty()) return "";
  std::string text =
      "## Where there is no bug\n\nThe product and the fixed twins, each for "
      "the whole budget.\n\n" +
      Head({"lens", "pools", "trials", "searched", "found"});
  for (const auto& [column, sum] : sums) {
    text += Row({column, absl::StrCat(sum.subjects), absl::StrCat(sum.trials),
                 absl::StrCat(sum.searched, " ", sum.unit),
                 absl::StrCat(sum.found)});
  }
  return text + "\n";
}

std::string Shortcomings(const std::vector<Cell>& cells) {
  const std::vector<Shortcoming> all = ShortcomingsOf(cells);
  if (all.empty()) return "";
  std::string text = "## What is wrong\n\n";
  for (const Shortcoming& s : all) {
    absl::StrAppend(&text, "- **", s.verdict, "**: ", Quoted(s.what), "\n");
  }
  return text + "\n";
}

std::string NotRunList(const ScorePlan& plan, const std::vector<Cell>& cells) {
  std::string text;
  for (const NotRun& n : plan.not_run) {
    absl::StrAppend(&text, "- ", n.lens, n.subject.empty() ? "" : " on ",
                    n.subject, ": ", Quoted(n.why), "\n");
  }
  for (const Cell& cell : cells) {
    for (const TrialResult& trial : cell.trials) {
      if (trial.failure.empty()) continue;
      absl::StrAppend(&text, "- ", NameOf(trial.key), ", ", trial.failed_slices,
                      " of ", trial.slices, " slices: ", Quoted(trial.failure),
                      "\n");
    }
  }
  return text.empty() ? "" : "## Not run, or not judged\n\n" + text + "\n";
}

}  // namespace

std::string ScorePage(const ScoreOptions& options, const ScorePlan& plan,
                      const std::vector<Cell>& cells) {
  return absl::StrCat(Intro(options, cells), Shortcomings(cells),
                      Matrix(plan, cells), Details(cells), Clean(cells),
                      NotRunList(plan, cells));
}

}  // namespace reveille::stress

#include "stress/score/cell.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace reveille::stress {
namespace {

std::optional<double> Median(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  if (values.size() % 2 == 1) return values[half];
  return (values[half - 1] + values[half]) / 2;
}

template <typename Value>
std::optional<double> MedianOf(const Cell& cell, Value value) {
  std::vector<double> values;
  for (const TrialResult& trial : cell.trials) {
    if (trial.found) values.push_back(static_cast<double>(value(trial)));
  }
  return Median(std::move(values));
}

template <typename Name>
std::map<std::string, int> CountBy(const Cell& cell, Name name) {
  std::map<std::string, int> counts;
  for (const TrialResult& trial : cell.trials) {
    if (trial.found) ++counts[name(trial)];
  }
  return counts;
}

nlohmann::json OrNull(std::optional<double> value) {
  return value ? nlohmann::json(*value) : nlohmann::json();
}

std::string Title(const Cell& cell) {
  return absl::StrCat(cell.subject->group, "/", cell.subject->name, " under ",
                      cell.lens->name,
                      cell.rescuers ? " with the rescuers on" : "");
}

std::string ToText(const std::map<std::string, int>& counts) {
  return absl::StrJoin(counts, ", ", [](std::string* out, const auto& entry) {
    absl::StrAppend(out, entry.first, " (", entry.second, ")");
  });
}

}  // namespace

int Cell::found() const {
  return static_cast<int>(std::count_if(trials.begin(), trials.end(),
                                        [](const auto& t) { return t.found; }));
}

int Cell::judged() const {
  return static_cast<int>(std::count_if(
      trials.begin(), trials.end(), [](const auto& t) { return t.judged(); }));
}

int Cell::right() const {
  return static_cast<int>(std::count_if(trials.begin(), trials.end(),
                                        [](const auto& t) { return t.right; }));
}

std::optional<double> Cell::MedianSeconds() const {
  return MedianOf(*this, [](const TrialResult& t) { return t.seconds; });
}

std::optional<double> Cell::MedianSearched() const {
  return MedianOf(*this, [](const TrialResult& t) { return t.searched; });
}

std::map<std::string, int> Cell::Verdicts() const {
  return CountBy(*this, [](const TrialResult& t) { return t.verdict; });
}

std::map<std::string, int> Cell::Places() const {
  return CountBy(
      *this, [](const TrialResult& t) { return PlaceOf(t.scenario, t.procs); });
}

const TrialResult* Cell::First() const {
  if (trials.empty() || trials[0].key.number != 0) return nullptr;
  return trials[0].found ? &trials[0] : nullptr;
}

bool Cell::MustFind() const {
  return lens->required && subject->has_bug && subject->explore_should_find &&
         !rescuers;
}

std::vector<Cell> FoldCells(const ScorePlan& plan, const Results& results) {
  std::vector<Cell> cells;
  std::map<TrialKey, size_t> places;  // Of the keys with number 0.
  for (const TrialPlan& trial : plan.trials) {
    TrialKey key = trial.key;
    key.number = 0;
    const auto [place, is_new] = places.try_emplace(key, cells.size());
    if (is_new) {
      cells.push_back({trial.lens, trial.subject, trial.key.rescuers, 0, {}});
    }
    Cell& cell = cells[place->second];
    ++cell.planned;
    const auto result = results.find(trial.key);
    if (result == results.end()) continue;
    cell.trials.push_back(result->second);
    // What is right may have been learnt since the trial.
    TrialResult& done = cell.trials.back();
    done.right = done.found && IsRightUnder(*trial.lens, *trial.subject,
                                            done.verdict, trial.key.rescuers);
  }
  return cells;
}

nlohmann::json ToJson(const Cell& cell) {
  nlohmann::json json = {
      {"bug", cell.subject->name},
      {"group", cell.subject->group},
      {"lens", cell.lens->name},
      {"rescuers", cell.rescuers},
      {"expected", cell.subject->has_bug},
      {"must_find", cell.MustFind()},
      {"expect", cell.subject->expect},
      {"planned", cell.planned},
      {"trials", cell.judged()},
      {"failed_trials", static_cast<int>(cell.trials.size()) - cell.judged()},
      {"found", cell.found()},
      {"right_verdict", cell.right()},
      {"verdicts", cell.Verdicts()},
      {"places", cell.Places()},
      {"median_seconds", OrNull(cell.MedianSeconds())},
      {absl::StrCat("median_", UnitOfSearch(*cell.lens)),
       OrNull(cell.MedianSearched())}};
  nlohmann::json each = nlohmann::json::array();
  for (const TrialResult& t : cell.trials) {
    each.push_back({{"trial", t.key.number},
                    {"found", t.found},
                    {"right", t.right},
                    {"seconds", t.seconds},
                    {"searched", t.searched}});
  }
  json["each"] = std::move(each);
  const TrialResult* first = cell.First();
  if (first == nullptr) return json;
  if (first->replays > 0) {
    json["replays"] = {{"same", first->same}, {"of", first->replays}};
  }
  if (first->preemptions >= 0) {
    json["preemptions"] = first->preemptions;
    json["fewest_preemptions"] = first->fewest_preemptions;
  }
  return json;
}

std::vector<Shortcoming> ShortcomingsOf(const std::vector<Cell>& cells) {
  std::vector<Shortcoming> all;
  for (const Cell& cell : cells) {
    const int found = cell.found(), done = cell.judged();
    if (!cell.subject->has_bug) {
      if (found == 0) continue;
      all.push_back({"false-alarm", &cell,
                     absl::StrCat(Title(cell), ": ", ToText(cell.Verdicts()),
                                  " where there is no bug")});
    } else if (cell.MustFind() && found < done) {
      all.push_back({"missed-bug", &cell,
                     absl::StrCat(Title(cell), ": found in ", found, " of ",
                                  done, " trials")});
    } else if (cell.MustFind() && cell.right() < found) {
      all.push_back(
          {"wrong-verdict", &cell,
           absl::StrCat(
               Title(cell), ": ", ToText(cell.Verdicts()),
               "; expected: ", absl::StrJoin(cell.subject->expect, " or "))});
    }
  }
  return all;
}

}  // namespace reveille::stress

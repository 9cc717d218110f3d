#include "stress/score/plan.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "stress/driver/seeds.h"
#include "stress/report/field.h"

namespace reveille::stress {
namespace {

constexpr const char* kZoo = "zoo";

// Those that `asked` names: all, none, those that the explore lens should find,
// or names with commas between them.
absl::StatusOr<std::vector<Subject>> Choose(const char* flag,
                                            const std::string& asked,
                                            const std::vector<Subject>& all) {
  if (asked == "all") return all;
  std::vector<Subject> chosen;
  if (asked == "none") return chosen;
  if (asked == "expected") {
    std::copy_if(all.begin(), all.end(), std::back_inserter(chosen),
                 [](const Subject& s) { return s.explore_should_find; });
    return chosen;
  }
  for (const absl::string_view name : absl::StrSplit(asked, ',')) {
    const auto at = std::find_if(all.begin(), all.end(), [name](const auto& s) {
      return s.name == name;
    });
    if (at == all.end()) {
      return absl::InvalidArgumentError(absl::StrCat(
          flag, ": nothing is called '", name,
          "'; write all, expected, none, or some of ",
          absl::StrJoin(all, ",", [](std::string* out, const Subject& s) {
            out->append(s.name);
          })));
    }
    chosen.push_back(*at);
  }
  return chosen;
}

absl::StatusOr<std::vector<Subject>> ChooseSubjects(
    const ScoreOptions& options, const Catalogue& catalogue) {
  auto subjects = Choose("--mutants", options.mutants, catalogue.mutants);
  if (!subjects.ok()) return subjects.status();
  const auto zoo = Choose("--zoo", options.zoo, catalogue.zoo);
  if (!zoo.ok()) return zoo.status();
  if (!subjects->empty()) subjects->push_back(Product());
  subjects->insert(subjects->end(), zoo->begin(), zoo->end());
  for (const Subject& bug : *zoo) subjects->push_back(TwinOf(bug));
  if (subjects->empty()) {
    return absl::InvalidArgumentError(
        "nothing to score: --mutants or --zoo must name something");
  }
  return subjects;
}

// Of what it can never look at, the zoo at once.
bool IsNeverRun(const Lens& lens, const Subject& subject, ScorePlan* plan) {
  const std::string why = WhyNever(lens, subject);
  if (why.empty()) return false;
  const bool is_said = std::any_of(
      plan->not_run.begin(), plan->not_run.end(), [&lens](const NotRun& n) {
        return n.lens == lens.name && n.subject == kZoo;
      });
  if (!is_said) plan->not_run.push_back({lens.name, kZoo, why});
  return true;
}

// Programs that say themselves whether the rescuers are on run once.
std::vector<std::string> RescuersUnder(const Lens& lens,
                                       const ScoreOptions& options,
                                       ScorePlan* plan) {
  if (lens.kind != LensKind::kFuzz) return options.rescuers;
  if (options.rescuers != std::vector<std::string>{"off"}) {
    plan->not_run.push_back({lens.name, "",
                             "with --rescuers=on: its programs say themselves "
                             "whether they are, and run once"});
  }
  return {"off"};
}

// Why a lens looks at nothing, said once; why not at some, of each.
void AddCells(const ScoreOptions& options, const Programs& programs,
              const Lens& lens, ScorePlan* plan,
              std::vector<TrialPlan>* cells) {
  const std::string why = WhyNot(lens, Product(), programs);
  if (!why.empty()) {
    plan->not_run.push_back({lens.name, "", why});
    return;
  }
  const std::vector<std::string> all_rescuers =
      RescuersUnder(lens, options, plan);
  for (const Subject& subject : plan->subjects) {
    if (IsNeverRun(lens, subject, plan)) continue;
    const std::string why_not = WhyNot(lens, subject, programs);
    if (!why_not.empty()) {
      plan->not_run.push_back({lens.name, subject.name, why_not});
      continue;
    }
    for (const std::string& rescuers : all_rescuers) {
      TrialPlan cell;
      cell.key = {subject.group, subject.name, lens.name, rescuers == "on", 0};
      cell.lens = &lens;
      cell.subject = &subject;
      cell.budget_ms = options.budget_ms;
      cell.schedules = options.schedules;
      cells->push_back(std::move(cell));
    }
  }
}

TrialPlan TrialOf(const TrialPlan& cell, const ScoreOptions& options,
                  int number) {
  TrialPlan trial = cell;
  trial.key.number = number;
  trial.seed =
      RoundSeed(options.seed, cell.lens->name, static_cast<uint64_t>(number));
  // The first is known better than by its time; and a finding where there is
  // nothing to find is always kept.
  if (number != 0) return trial;
  trial.keep = true;
  trial.shrink_seconds = options.shrink_seconds;
  trial.replays = options.replays;
  return trial;
}

}  // namespace

nlohmann::json ToJson(const ScoreOptions& o) {
  return {{"mutants", o.mutants},
          {"zoo", o.zoo},
          {"lenses", o.lenses},
          {"rescuers", o.rescuers},
          {"trials", o.trials},
          {"clean_trials", o.clean_trials},
          {"budget_s", static_cast<double>(o.budget_ms) / 1000},
          {"schedules", o.schedules},
          {"seed", o.seed},
          {"replays", o.replays},
          {"shrink_s", o.shrink_seconds}};
}

absl::Status Restore(const nlohmann::json& json, ScoreOptions* o) {
  const auto broken = [](const char* field, const char* expected) {
    return absl::InvalidArgumentError(
        absl::StrCat("its field ", field, ": expected ", expected));
  };
  for (const auto& [field, text] :
       {std::pair{"mutants", &o->mutants}, std::pair{"zoo", &o->zoo}}) {
    if (!ReadField(json, field, text)) return broken(field, "names");
  }
  for (const auto& [field, list] :
       {std::pair{"lenses", &o->lenses}, std::pair{"rescuers", &o->rescuers}}) {
    if (!ReadField(json, field, list)) return broken(field, "a list of names");
  }
  for (const std::string& rescuers : o->rescuers) {
    if (rescuers != "on" && rescuers != "off") {
      return broken("rescuers", "on and off");
    }
  }
  if (!ReadField(json, "trials", &o->trials) || o->trials < 1 ||
      o->trials > kMostTrials) {
    return broken("trials", "from 1 to 10000");
  }
  if (!ReadField(json, "clean_trials", &o->clean_trials) ||
      o->clean_trials < 0 || o->clean_trials > kMostTrials) {
    return broken("clean_trials", "from 0 to 10000");
  }
  double budget_s = 0;
  if (!ReadField(json, "budget_s", &budget_s) || budget_s < 0.001 ||
      budget_s > static_cast<double>(kMostBudgetMs) / 1000) {
    return broken("budget_s", "seconds, from 0.001 to a year");
  }
  o->budget_ms = std::llround(budget_s * 1000);
  if (!ReadOptionalField(json, "schedules", &o->schedules)) {
    return broken("schedules", "a number");
  }
  if (!ReadField(json, "seed", &o->seed)) return broken("seed", "a number");
  if (!ReadField(json, "replays", &o->replays) || o->replays < 0 ||
      o->replays > kMostReplays) {
    return broken("replays", "from 0 to 1000");
  }
  if (!ReadField(json, "shrink_s", &o->shrink_seconds) ||
      o->shrink_seconds < 0 || o->shrink_seconds > kMostShrinkSeconds) {
    return broken("shrink_s", "seconds, from 0 to 1000000");
  }
  return absl::OkStatus();
}

absl::StatusOr<ScorePlan> MakePlan(const ScoreOptions& options,
                                   const Catalogue& catalogue,
                                   const Programs& programs) {
  ScorePlan plan;
  auto subjects = ChooseSubjects(options, catalogue);
  if (!subjects.ok()) return subjects.status();
  plan.subjects = *std::move(subjects);
  std::vector<TrialPlan> cells;
  for (const std::string& name : options.lenses) {
    const Lens* lens = FindLens(name);
    if (lens == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--lenses: no lens '", name, "'; there are: ",
          absl::StrJoin(AllLenses(), ",", [](std::string* out, const Lens& l) {
            out->append(l.name);
          })));
    }
    if (options.schedules != 0 && !DecidesSchedules(*lens)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--schedules: the lens ", lens->name,
          " has none to count; --budget=60s bounds it, or take explore-... or "
          "fuzz"));
    }
    AddCells(options, programs, *lens, &plan, &cells);
  }
  const int most = std::max(options.trials, options.clean_trials);
  for (int number = 0; number < most; ++number) {
    for (const TrialPlan& cell : cells) {
      const bool wanted =
          number <
          (cell.subject->has_bug ? options.trials : options.clean_trials);
      if (wanted) plan.trials.push_back(TrialOf(cell, options, number));
    }
  }
  return plan;
}

}  // namespace reveille::stress

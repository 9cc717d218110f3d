#include "stress/score/score_run.h"

#include <signal.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "stress/driver/exit_codes.h"
#include "stress/driver/seeds.h"
#include "stress/report/files.h"
#include "stress/report/run_record.h"
#include "stress/score/score_page.h"

namespace reveille::stress {
namespace {

constexpr const char* kSchema = "reveille-score/1";
constexpr int64_t kWriteEveryMs = 5'000;

sigset_t AwaitedSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int s : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) sigaddset(&signals, s);
  return signals;
}

std::string BudgetOf(const ScoreOptions& o) {
  if (o.schedules != 0) return absl::StrCat(o.schedules, " schedules");
  return absl::StrFormat("%.0fs", static_cast<double>(o.budget_ms) / 1000);
}

std::string Outcome(const TrialResult& r, const Subject& subject) {
  if (!r.judged()) return absl::StrCat("failed: ", r.failure);
  if (!r.found) return subject.has_bug ? "not found" : "clean";
  return absl::StrCat(
      subject.has_bug ? (r.right ? "found " : "found only ") : "FALSE ALARM ",
      r.verdict, " in ", PlaceOf(r.scenario, r.procs));
}

}  // namespace

ScoreRun::ScoreRun(const ScoreOptions& options, const ScorePlan& plan,
                   TrialContext context)
    : options_(options),
      plan_(plan),
      context_(std::move(context)),
      began_ms_(MonotonicMs()),
      started_at_(absl::FormatTime(absl::RFC3339_sec, absl::Now(),
                                   absl::UTCTimeZone())) {}

absl::Status ScoreRun::Resume() {
  const std::string path = options_.out + "/trials.jsonl";
  const auto text = ReadWhole(path);
  if (!text.ok()) return absl::OkStatus();  // None has ended yet.
  std::string whole;
  for (const absl::string_view line :
       absl::StrSplit(*text, '\n', absl::SkipEmpty())) {
    const nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
    const std::optional<TrialResult> result = TrialFromJson(json);
    // A line that was cut is a trial to be done again; the next one must not
    // go on where it ends.
    if (!result) continue;
    results_[result->key] = *result;
    absl::StrAppend(&whole, line, "\n");
  }
  return whole == *text ? absl::OkStatus() : WriteWhole(path, whole);
}

double ScoreRun::ElapsedSeconds() const {
  return static_cast<double>(MonotonicMs() - began_ms_) / 1000;
}

int ScoreRun::Run() {
  const sigset_t signals = AwaitedSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  progress_.Say(absl::StrFormat(
      "reveille score: %d trials of %s at most, %d done before, seed %d, "
      "into %s",
      plan_.trials.size(), BudgetOf(options_), results_.size(), options_.seed,
      options_.out));
  for (const NotRun& n : plan_.not_run) {
    progress_.Say(absl::StrCat("not run: ", n.lens,
                               n.subject.empty() ? "" : " on ", n.subject, ": ",
                               n.why));
  }
  StartMore();
  while (!running_.empty() && broken_.ok() && Wait()) {
    StepAll();
    StartMore();
    Show();
  }
  // What is at hand has no result; a resumed score does it again.
  running_.clear();
  progress_.Clear();
  if (broken_.ok()) broken_ = Finish();
  Tell();
  return ExitCode();
}

// Until something has happened, or for a moment. False: we are to end.
bool ScoreRun::Wait() {
  const sigset_t signals = AwaitedSignals();
  const timespec moment = {0, 20'000'000};
  const int signal = sigtimedwait(&signals, nullptr, &moment);
  if (signal > 0 && signal != SIGCHLD) interrupted_ = true;
  return !interrupted_;
}

void ScoreRun::StartMore() {
  while (static_cast<int>(running_.size()) < options_.jobs &&
         next_ < plan_.trials.size()) {
    const TrialPlan& plan = plan_.trials[next_++];
    if (results_.contains(plan.key)) continue;
    running_.push_back(std::make_unique<Trial>(plan, &context_));
    if (!running_.back()->Step()) continue;
    Settle(running_.back()->result());
    running_.pop_back();
  }
}

void ScoreRun::StepAll() {
  std::erase_if(running_, [this](const std::unique_ptr<Trial>& trial) {
    if (!trial->Step()) return false;
    Settle(trial->result());
    return true;
  });
}

void ScoreRun::Settle(const TrialResult& result) {
  const absl::Status status =
      AppendLine(options_.out + "/trials.jsonl",
                 ToJson(result).dump(-1, ' ', false,
                                     nlohmann::json::error_handler_t::replace));
  if (!status.ok()) {
    broken_ = status;
    return;
  }
  results_[result.key] = result;
  ++done_now_;
  if (result.found) ++found_now_;
  const auto trial = std::find_if(
      plan_.trials.begin(), plan_.trials.end(),
      [&result](const TrialPlan& p) { return p.key == result.key; });
  progress_.Say(absl::StrFormat(
      "[%d/%d] %s: %s; %.2fs, %d %s", results_.size(), plan_.trials.size(),
      NameOf(result.key), Outcome(result, *trial->subject), result.seconds,
      result.searched, UnitOfSearch(*trial->lens)));
  if (MonotonicMs() - written_ms_ > kWriteEveryMs) broken_ = WriteScore();
}

// At the pace so far; nobody is slower than the budget.
double ScoreRun::LeftSeconds() const {
  const double budget_s = static_cast<double>(options_.budget_ms) / 1000;
  const double left =
      static_cast<double>(plan_.trials.size() - results_.size());
  const double each_s =
      done_now_ > 0 ? ElapsedSeconds() * options_.jobs / done_now_ : budget_s;
  return left * std::min(each_s, budget_s) / options_.jobs;
}

void ScoreRun::Show() {
  const double elapsed_s = ElapsedSeconds();
  if (running_.empty() || !progress_.IsTime(elapsed_s)) return;
  progress_.Show(absl::StrFormat(
      "%.0fs, %.0fs left  %d/%d trials, %.1f slices/s, %d found: %s", elapsed_s,
      LeftSeconds(), results_.size(), plan_.trials.size(),
      static_cast<double>(context_.slices_done) / std::max(elapsed_s, 0.001),
      found_now_, running_.front()->Where()));
}

nlohmann::json ScoreRun::Summary(const std::vector<Cell>& cells) const {
  nlohmann::json json = {{"schema", kSchema},
                         {"build", BuildInfo()},
                         {"options", ToJson(options_)},
                         {"started_at", started_at_},
                         {"duration_s", ElapsedSeconds()},
                         {"complete", results_.size() == plan_.trials.size()}};
  json["cells"] = nlohmann::json::array();
  for (const Cell& cell : cells) {
    if (!cell.trials.empty()) json["cells"].push_back(ToJson(cell));
  }
  json["not_run"] = nlohmann::json::array();
  for (const NotRun& n : plan_.not_run) {
    json["not_run"].push_back(
        {{"lens", n.lens}, {"bug", n.subject}, {"why", n.why}});
  }
  json["shortcomings"] = nlohmann::json::array();
  for (const Shortcoming& s : ShortcomingsOf(cells)) {
    json["shortcomings"].push_back({{"verdict", s.verdict},
                                    {"bug", s.cell->subject->name},
                                    {"lens", s.cell->lens->name},
                                    {"what", s.what}});
  }
  return json;
}

absl::Status ScoreRun::WriteScore() {
  const std::vector<Cell> cells = FoldCells(plan_, results_);
  written_ms_ = MonotonicMs();
  absl::Status status =
      WriteWhole(options_.out + "/score.json", Summary(cells).dump(1) + "\n");
  if (!status.ok()) return status;
  return WriteWhole(options_.out + "/score.md",
                    ScorePage(options_, plan_, cells));
}

// As other runs leave it, so that what collects findings collects these.
nlohmann::json ScoreRun::ResultLine(const std::vector<Cell>& cells) const {
  nlohmann::json verdicts = nlohmann::json::array();
  for (const Shortcoming& s : ShortcomingsOf(cells)) {
    const Cell& cell = *s.cell;
    const std::string name = absl::StrCat(
        s.verdict, "/", cell.subject->group, "/", cell.subject->name, "/",
        cell.lens->name, cell.rescuers ? "/rescuers" : "");
    verdicts.push_back(
        {{"verdict", s.verdict},
         {"what", s.what},
         {"signature", absl::StrFormat("%016x", RoundSeed(0, name, 0))},
         {"folder", ""},
         {"command",
          absl::StrCat("reveille score ",
                       cell.subject->mutant.empty() ? "--mutants=none --zoo="
                                                    : "--zoo=none --mutants=",
                       cell.subject->has_bug ? cell.subject->name : "all",
                       " --lenses=", cell.lens->name,
                       " --rescuers=", cell.rescuers ? "on" : "off",
                       " --seed=", options_.seed)}});
  }
  const bool found = !verdicts.empty();
  return {{"schema", "reveille-score-run/1"},
          {"build", BuildInfo()},
          {"outcome", found          ? "finding"
                      : interrupted_ ? "interrupted"
                                     : "clean"},
          {"seed", options_.seed},
          {"started_at", started_at_},
          {"duration_s", ElapsedSeconds()},
          {"trials", done_now_},
          {"verdicts", std::move(verdicts)}};
}

absl::Status ScoreRun::Finish() {
  absl::Status status = WriteScore();
  if (!status.ok()) return status;
  return AppendLine(options_.out + "/results.jsonl",
                    ResultLine(FoldCells(plan_, results_)).dump());
}

void ScoreRun::Tell() {
  if (!broken_.ok()) {
    std::fprintf(stderr, "reveille score: %s\n",
                 std::string(broken_.message()).c_str());
    return;
  }
  const std::vector<Shortcoming> all =
      ShortcomingsOf(FoldCells(plan_, results_));
  for (const Shortcoming& s : all) {
    progress_.Shout(absl::StrCat(s.verdict, ": ", s.what));
  }
  progress_.Say(absl::StrFormat(
      "%s%d of %d trials are done, %.0fs, %d shortcomings; see %s/score.md",
      interrupted_ ? "interrupted (--resume goes on); " : "", results_.size(),
      plan_.trials.size(), ElapsedSeconds(), all.size(), options_.out));
}

int ScoreRun::ExitCode() const {
  if (!broken_.ok()) return kExitFailed;
  const std::vector<Cell> cells = FoldCells(plan_, results_);
  if (!ShortcomingsOf(cells).empty()) return kExitFound;
  const bool all_judged =
      results_.size() == plan_.trials.size() && !results_.empty() &&
      std::all_of(results_.begin(), results_.end(),
                  [](const auto& r) { return r.second.judged(); });
  return all_judged ? kExitClean : kExitFailed;
}

}  // namespace reveille::stress

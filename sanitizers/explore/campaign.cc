#include "campaign.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "execution.h"
#include "finding.h"
#include "native.h"
#include "schedule.h"
#include "shrink.h"
#include "strategies/replay.h"
#include "worker.h"

namespace reveille::explore {
namespace {

constexpr int kMostJobs = 64;

struct Job {
  WorkerPage* page = nullptr;
  Choice* choices = nullptr;
  int process = 0;  // 0: none
  Assignment assignment = {};
};

class Campaign {
 public:
  Campaign(const Config& config, const Program& program);
  ~Campaign();
  Campaign(const Campaign&) = delete;
  Campaign& operator=(const Campaign&) = delete;

  Report Run();

 private:
  void Start(Job* job);
  // True when the job's process has just ended.
  bool HasEnded(Job* job, int* status);
  void Settle(Job* job, int status);
  void Judge(Job* job);
  bool Confirm(Schedule* schedule, const Outcome& outcome, Finding* finding);
  void Describe(Schedule* schedule, uint64_t cause, Finding* finding);
  bool Known(uint64_t cause);
  bool Enough() const;
  // Starts the job again if there is anything left to do; false: it is done.
  bool GoOn(Job* job);
  // Looks after every job once; true when one had ended.
  bool Attend(int* left);
  void Collect(Report* report) const;
  void ShowProgress();
  void StopAll();
  void LensError(const char* format, const char* detail);

  Config config_;
  Program program_;
  uint64_t begin_;
  uint64_t deadline_;
  Report report_;
  uint64_t shown_ = begin_;  // when progress was last shown
  uint64_t causes_[Report::kMostFindings] = {};
  Job jobs_[kMostJobs];
};

Campaign::Campaign(const Config& config, const Program& program)
    : config_(config),
      program_(program),
      begin_(native::MonotonicNanoseconds()),
      deadline_(config.seconds <= 0
                    ? 0
                    : begin_ + static_cast<uint64_t>(config.seconds * 1e9)) {
  if (config_.jobs < 1 || UnitsOf(config_) == 1) config_.jobs = 1;
  if (config_.jobs > kMostJobs) config_.jobs = kMostJobs;
  for (int i = 0; i < config_.jobs; ++i) {
    Job& job = jobs_[i];
    job.page = static_cast<WorkerPage*>(ShareMemory(sizeof(WorkerPage)));
    job.page->next_unit = static_cast<uint64_t>(i);
    job.choices =
        static_cast<Choice*>(ShareMemory(kMostChoices * sizeof(Choice)));
    job.assignment = {&config_, program_, i, deadline_, job.page, job.choices};
  }
}

Campaign::~Campaign() {
  for (int i = 0; i < config_.jobs; ++i) {
    UnshareMemory(jobs_[i].page, sizeof(WorkerPage));
    UnshareMemory(jobs_[i].choices, kMostChoices * sizeof(Choice));
  }
}

void Campaign::Start(Job* job) {
  job->page->found = false;
  job->page->finished = false;
  job->process = ForkChild(
      [](void* argument) { Work(*static_cast<Assignment*>(argument)); },
      &job->assignment);
}

bool Campaign::HasEnded(Job* job, int* status) {
  if (job->process == 0) return false;
  const long ended = native::SystemCall(
      SYS_wait4, job->process, reinterpret_cast<long>(status), WNOHANG);
  if (ended != job->process) return false;
  job->process = 0;
  return true;
}

void Campaign::LensError(const char* format, const char* detail) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  snprintf(report_.lens_error, sizeof report_.lens_error, format, detail);
#pragma GCC diagnostic pop
}

bool Campaign::Known(uint64_t cause) {
  for (int i = 0; i < report_.finding_count; ++i) {
    if (causes_[i] != cause) continue;
    ++report_.findings[i].occurrences;
    return true;
  }
  return false;
}

// Before anybody hears of it, the finding has happened again in two processes
// of their own, operation by operation.
bool Campaign::Confirm(Schedule* schedule, const Outcome& outcome,
                       Finding* finding) {
  Trial trial(program_);
  constexpr Trial::Repeat kRepeats[] = {Trial::Repeat::kOnce,
                                        Trial::Repeat::kTwice};
  for (Trial::Repeat repeat : kRepeats) {
    const bool ran =
        trial.Follow(schedule->choices.data(), schedule->choices.size(),
                     config_.limits, repeat);
    const Outcome& again = trial.remains().outcome;
    if (ran && again.hash == outcome.hash && again.verdict == outcome.verdict &&
        trial.remains().departures == 0) {
      continue;
    }
    char detail[300];
    snprintf(
        detail, sizeof detail, "%s, then %s: %.200s", NameOf(outcome.verdict),
        ran ? NameOf(again.verdict) : "no end within a minute", again.message);
    LensError("diverged: a finding did not repeat in a fresh process (%s)",
              detail);
    return false;
  }
  finding->restartable = trial.remains().second.hash == outcome.hash;
  return true;
}

void Campaign::Describe(Schedule* schedule, uint64_t cause, Finding* finding) {
  finding->original_choices = schedule->choices.size();
  // Also without time for it, to learn how many preemptions there are.
  const Shrunk shrunk = Shrink(program_, config_.shrink_seconds,
                               finding->restartable, cause, schedule);
  finding->preemptions = shrunk.preemptions;
  finding->fewest = shrunk.fewest;
  finding->choices = schedule->choices.size();
  finding->hash = schedule->hash;
  if (!WriteFinding(program_, *schedule, config_, config_.out, finding)) {
    LensError("%s", "the story of a finding could not be written");
  }
}

void Campaign::Judge(Job* job) {
  const WorkerPage& page = *job->page;
  const Outcome& outcome = page.outcome;
  if (Known(outcome.cause)) return;
  Schedule schedule;
  schedule.program = ProgramIdentity();
  schedule.limits = config_.limits;
  schedule.verdict = outcome.verdict;
  schedule.hash = outcome.hash;
  snprintf(schedule.label, sizeof schedule.label, "%s", config_.label);
  for (char& c : schedule.label) {
    if (c == '\n') c = ' ';
  }
  schedule.choices.Assign(job->choices, page.choice_count);
  Finding finding;
  finding.verdict = outcome.verdict;
  memcpy(finding.message, outcome.message, sizeof finding.message);
  finding.execution = page.execution;
  finding.seconds = static_cast<double>(page.found_at - begin_) * 1e-9;
  finding.occurrences = 1;
  // A silence that has once been long enough need not be so again and again.
  const int silence = program_.silence_seconds;
  if (outcome.silent && silence > 1) program_.silence_seconds = 1;
  const bool confirmed = Confirm(&schedule, outcome, &finding);
  if (confirmed) Describe(&schedule, outcome.cause, &finding);
  program_.silence_seconds = silence;
  if (!confirmed) return;
  causes_[report_.finding_count] = outcome.cause;
  report_.findings[report_.finding_count++] = finding;
}

void Campaign::Settle(Job* job, int status) {
  if (job->page->lens_error) LensError("%s", job->page->message);
  if (job->page->found) {
    Judge(job);
  } else if (status != 0) {
    char what[64];
    snprintf(what, sizeof what, WIFSIGNALED(status) ? "signal %d" : "status %d",
             WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    LensError("an exploring process died (%s)", what);
  }
}

bool Campaign::Enough() const {
  const int most = config_.most_findings < Report::kMostFindings
                       ? config_.most_findings
                       : Report::kMostFindings;
  return report_.finding_count >= most || report_.lens_error[0] != 0;
}

void Campaign::StopAll() {
  for (int i = 0; i < config_.jobs; ++i) {
    if (jobs_[i].process == 0) continue;
    native::Kill(jobs_[i].process);
    native::Wait(jobs_[i].process);
    jobs_[i].process = 0;
  }
}

void Campaign::Collect(Report* report) const {
  DistinctCounter distinct;
  for (int i = 0; i < config_.jobs; ++i) {
    const WorkerPage& page = *jobs_[i].page;
    report->executions += page.executions;
    report->steps += page.steps;
    report->starved += page.starved;
    if (page.longest > report->longest) report->longest = page.longest;
    distinct.Merge(page.distinct);
    if (page.completeness[0] != 0) {
      memcpy(report->completeness, page.completeness,
             sizeof report->completeness);
    }
  }
  report->distinct = distinct.Estimate();
  report->seconds =
      static_cast<double>(native::MonotonicNanoseconds() - begin_) * 1e-9;
}

void Campaign::ShowProgress() {
  constexpr uint64_t kSecond = 1000000000;
  const uint64_t now = native::MonotonicNanoseconds();
  if (config_.on_progress == nullptr || now - shown_ < kSecond) return;
  shown_ = now;
  Report so_far = report_;
  Collect(&so_far);
  config_.on_progress(so_far);
}

bool Campaign::GoOn(Job* job) {
  const bool time_left =
      deadline_ == 0 || native::MonotonicNanoseconds() < deadline_;
  const bool units_left = job->page->next_unit < UnitsOf(config_);
  if (!time_left || !units_left || Enough()) return false;
  Start(job);
  return true;
}

bool Campaign::Attend(int* left) {
  bool any = false;
  for (int i = 0; i < config_.jobs && !Enough(); ++i) {
    int status = 0;
    if (!HasEnded(&jobs_[i], &status)) continue;
    any = true;
    Settle(&jobs_[i], status);
    if (!GoOn(&jobs_[i])) --*left;
  }
  return any;
}

Report Campaign::Run() {
  for (int i = 0; i < config_.jobs; ++i) Start(&jobs_[i]);
  int left = config_.jobs;
  while (left > 0 && !Enough()) {
    if (config_.stop != nullptr && *config_.stop) break;
    if (!Attend(&left)) native::Sleep(500000);
    ShowProgress();
  }
  StopAll();
  Collect(&report_);
  return report_;
}

}  // namespace

Report Run(const Config& config, BodyFunction body, void* argument) {
  PrepareZygote();
  Report refused;
  Strategy* probe = CreateStrategy(config.strategy, config.strategy_limits);
  if (probe == nullptr) {
    snprintf(refused.lens_error, sizeof refused.lens_error,
             "there is no strategy named '%.100s'", config.strategy);
    return refused;
  }
  DestroyStrategy(probe);
  return Campaign(config, {body, argument, config.silence_seconds}).Run();
}

bool ReplayFile(const char* path, BodyFunction body, void* argument,
                const char* out, Outcome* outcome, bool* same, Text* error) {
  PrepareZygote();
  Schedule schedule;
  if (!LoadSchedule(path, &schedule, error)) return false;
  const Program program = {body, argument, Config().silence_seconds};
  Trial trial(program);
  if (!trial.Follow(schedule.choices.data(), schedule.choices.size(),
                    schedule.limits)) {
    error->Format("%s: the replay did not end", path);
    return false;
  }
  *outcome = trial.remains().outcome;
  *same = outcome->hash == schedule.hash &&
          outcome->verdict == schedule.verdict &&
          trial.remains().departures == 0;
  if (out != nullptr && !TellFinding(program, schedule, out)) {
    error->Format("%s: the story could not be written", out);
    return false;
  }
  return true;
}

bool FollowFile(const char* path, BodyFunction body, void* argument,
                Outcome* outcome, size_t* departures, Text* error) {
  PrepareZygote();
  Schedule schedule;
  if (!LoadScheduleOfAnyBuild(path, &schedule, error)) return false;
  Trial trial({body, argument, Config().silence_seconds});
  if (!trial.Follow(schedule.choices.data(), schedule.choices.size(),
                    schedule.limits)) {
    error->Format("%s: following it did not end", path);
    return false;
  }
  *outcome = trial.remains().outcome;
  *departures = trial.remains().departures;
  return true;
}

bool DebugFile(const char* path, BodyFunction body, void* argument,
               Text* error) {
  PrepareZygote();
  Schedule schedule;
  if (!LoadSchedule(path, &schedule, error)) return false;
  Replay replay(schedule.choices.data(), schedule.choices.size());
  StopAtVerdict(true);
  RunOnce(&replay, 0, schedule.limits, body, argument);
  StopAtVerdict(false);
  return true;
}

}  // namespace reveille::explore

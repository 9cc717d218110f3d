#include "stress/driver/campaign.h"

#include <signal.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "stress/driver/crash.h"
#include "stress/driver/exit_codes.h"
#include "stress/report/files.h"
#include "stress/report/finding.h"
#include "stress/report/run_record.h"

namespace reveille::stress {
namespace {

constexpr int64_t kMaxSliceMs = 30'000;
// After its patience is over, a child has so long to report what it cannot
// judge.
constexpr int64_t kReportMs = 20'000;

int64_t NowNs() {
  timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return int64_t{ts.tv_sec} * 1'000'000'000 + ts.tv_nsec;
}

// Signals that the parent waits for instead of being interrupted by them.
sigset_t AwaitedSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int s : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) sigaddset(&signals, s);
  return signals;
}

std::string Title(const Lane& lane) {
  return absl::StrCat(lane.spec.scenario, "/", lane.spec.knobs.procs);
}

std::vector<Lane> MakeLanes(const StressOptions& options) {
  std::vector<Lane> lanes;
  for (const int procs : options.procs) {
    for (const std::string& scenario : options.scenarios) {
      Lane lane;
      lane.spec = options.spec;
      lane.spec.scenario = scenario;
      lane.spec.knobs.procs = procs;
      lanes.push_back(std::move(lane));
    }
  }
  return lanes;
}

}  // namespace

Campaign::Campaign(const StressOptions& options)
    : options_(options),
      began_ns_(NowNs()),
      progress_(options.json),
      lanes_(MakeLanes(options)) {}

int64_t Campaign::ElapsedMs() const {
  return (NowNs() - began_ns_) / 1'000'000;
}

bool Campaign::Unfinished() const {
  return !interrupted_ && LeftMs() > 0 &&
         std::any_of(lanes_.begin(), lanes_.end(),
                     [](const Lane& lane) { return !lane.over; });
}

int Campaign::Run() {
  const absl::Status folder = MakeFolder(options_.spec.out);
  if (!folder.ok()) {
    std::fprintf(stderr, "reveille stress: --out: %s\n",
                 std::string(folder.message()).c_str());
    return kExitUsage;
  }
  const sigset_t signals = AwaitedSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  progress_.Say(absl::StrFormat(
      "reveille stress: pool %s, seed %d, %.0fs for %d runs, into %s",
      options_.spec.pool, options_.spec.seed,
      static_cast<double>(options_.spec.budget_ms) / 1000, lanes_.size(),
      options_.spec.out));
  while (Unfinished()) RunPass();
  Summarize();
  return ExitCode();
}

void Campaign::RunPass() {
  const auto alive = std::count_if(lanes_.begin(), lanes_.end(),
                                   [](const Lane& lane) { return !lane.over; });
  int64_t pass_ms = std::min<int64_t>(LeftMs(), alive * kMaxSliceMs);
  int64_t to_go = alive;
  for (Lane& lane : lanes_) {
    if (lane.over) continue;
    const int64_t budget_ms = std::max<int64_t>(pass_ms / to_go, 1);
    const int64_t began_ms = ElapsedMs();
    --to_go;
    RunSlice(&lane, budget_ms);
    pass_ms -= ElapsedMs() - began_ms;
    if (interrupted_) return;
  }
}

void Campaign::RunSlice(Lane* lane, int64_t budget_ms) {
  const int64_t end_ms = ElapsedMs() + budget_ms;
  // A finding ends the child, not the slice.
  do {
    RunSpec spec = lane->spec;
    if (!spec.same_round) spec.first_round += lane->rounds;
    if (spec.rounds != 0) spec.rounds -= lane->rounds;
    spec.budget_ms = std::max<int64_t>(end_ms - ElapsedMs(), 1);
    auto child = ChildProcess::Start(spec);
    if (!child.ok()) {
      progress_.Say(std::string(child.status().message()));
      failed_ = lane->over = true;
      return;
    }
    Await(child->get(), *lane, spec.budget_ms);
    Digest(**child, spec, lane);
  } while (!lane->over && !interrupted_ && ElapsedMs() < end_ms);
}

void Campaign::Await(ChildProcess* child, const Lane& lane, int64_t budget_ms) {
  const int64_t began_ms = ElapsedMs();
  bool asked = false;
  while (!child->HasEnded()) {
    ObeySignals(child);
    Show(lane, *child);
    const int64_t over_ms =
        ElapsedMs() - began_ms - budget_ms - options_.patience_ms;
    if (over_ms > 0 && !asked) child->Signal(SIGQUIT);
    if (over_ms > 0) asked = true;
    if (over_ms > kReportMs) child->Signal(SIGKILL);
  }
}

// Sleeps for a moment, or until a signal. The first one asks the child to end
// with its results, the second ends it.
void Campaign::ObeySignals(ChildProcess* child) {
  const sigset_t signals = AwaitedSignals();
  const timespec moment = {0, 100'000'000};
  const int signal = sigtimedwait(&signals, nullptr, &moment);
  if (signal <= 0 || signal == SIGCHLD) return;
  child->Signal(interrupted_ ? SIGKILL : SIGTERM);
  interrupted_ = true;
}

void Campaign::Show(const Lane& lane, const ChildProcess& child) {
  ProgressState state;
  state.what = Title(lane);
  state.elapsed_s = static_cast<double>(ElapsedMs()) / 1000;
  state.total_s = static_cast<double>(options_.spec.budget_ms) / 1000;
  state.rounds = child.page().rounds_done;
  state.tasks = child.page().tasks_done;
  for (const Lane& l : lanes_) {
    state.rounds += l.rounds;
    state.tasks += l.tasks;
  }
  state.findings = findings_;
  progress_.Tick(state);
}

// The line of a child that could not write its own.
nlohmann::json Campaign::Reconstruct(const ChildProcess& child,
                                     const RunSpec& spec) {
  RunRecord record;
  record.request = RequestOf(spec);
  record.first_round = spec.first_round;
  if (child.page().line().empty()) {
    record.rounds = child.page().rounds_done;
    record.tasks = child.page().tasks_done;
  }
  if (child.signal() == SIGKILL) {
    // Ours, after an interrupt or a hang, or the kernel's for want of memory.
    record.outcome = interrupted_ ? "interrupted" : "unjudged";
    record.error =
        absl::StrCat("killed while ", ToString(child.page().phase.load()));
  } else {
    const Finding crash = CrashFinding(child, spec);
    const absl::StatusOr<std::string> folder =
        WriteFinding(options_.spec.out, crash);
    if (!folder.ok()) progress_.Say(std::string(folder.status().message()));
    record.outcome = "finding";
    record.verdicts.push_back({crash.verdict, crash.what, SignatureOf(crash),
                               crash.round, crash.round_seed, crash.command});
  }
  const nlohmann::json json = ToJson(record);
  const absl::Status status =
      AppendLine(options_.spec.out + "/results.jsonl", json.dump());
  if (!status.ok()) {
    progress_.Say(std::string(status.message()));
    failed_ = true;
  }
  return json;
}

void Campaign::Digest(const ChildProcess& child, const RunSpec& spec,
                      Lane* lane) {
  const std::string line = child.page().line();
  if (!line.empty()) Absorb(nlohmann::json::parse(line), lane);
  // A sanitizer that only reports makes itself heard at the very end.
  const bool as_agreed = !line.empty() && child.exit_code() >= 0 &&
                         child.exit_code() <= kExitFailed;
  if (!as_agreed) Absorb(Reconstruct(child, spec), lane);
  // What it had to say that is in no line: that a file cannot be written, what
  // a pool or a sanitizer printed.
  const std::string output = child.Output();
  if (as_agreed && !output.empty()) {
    progress_.Say(absl::StripTrailingAsciiWhitespace(output));
  }
  if (child.exit_code() == kExitFailed && !skipped_)
    failed_ = lane->over = true;
  const uint64_t rounds = lane->spec.rounds;
  if (rounds != 0 && lane->rounds >= rounds) lane->over = true;
}

void Campaign::Absorb(const nlohmann::json& line, Lane* lane) {
  progress_.Json(line.dump());
  const std::string outcome = line["outcome"];
  lane->rounds += line["rounds"].get<uint64_t>();
  // The round that failed is not among them; the next slice begins after it.
  if (outcome == "finding") ++lane->rounds;
  lane->tasks += line["tasks_finished"].get<uint64_t>();
  AddVerdicts(line, lane);
  AddGaps(line, lane);
  if (line.contains("error")) lane->note = line["error"];
  if (outcome == "skipped") skipped_ = lane->over = true;
  if (outcome == "failed" || outcome == "unjudged") failed_ = lane->over = true;
}

void Campaign::AddVerdicts(const nlohmann::json& line, Lane* lane) {
  for (const nlohmann::json& v : line["verdicts"]) {
    if (v["verdict"] == "unjudged") continue;
    ++findings_;
    ++lane->findings;
    progress_.Shout(absl::StrCat("FOUND ", v["verdict"].get<std::string>(),
                                 " in ", Title(*lane)));
    progress_.Say(absl::StrCat("  ", v["what"].get<std::string>()));
    progress_.Say(absl::StrCat("  folder: ", options_.spec.out, "/",
                               v["folder"].get<std::string>()));
    progress_.Say(absl::StrCat("  repeat: ", v["command"].get<std::string>()));
  }
  const uint64_t limit = lane->spec.same_round ? 1 : options_.max_findings;
  if (limit == 0 || lane->findings < limit || lane->over) return;
  lane->over = true;
  lane->note = absl::StrCat("ended after ", lane->findings, " findings");
}

void Campaign::AddGaps(const nlohmann::json& line, Lane* lane) {
  const nlohmann::json& gap = line["conservation_gap"];
  if (gap.is_null()) return;
  lane->p99_gap_ms = gap["p99_ns"].get<double>() / 1e6;
  lane->max_gap_ms =
      std::max(lane->max_gap_ms, gap["max_ns"].get<double>() / 1e6);
}

void Campaign::Summarize() {
  progress_.Clear();
  uint64_t rounds = 0;
  for (const Lane& lane : lanes_) {
    rounds += lane.rounds;
    std::string gap = "gap unknown";
    if (lane.max_gap_ms >= 0) {
      gap = absl::StrFormat("gap p99 %.2f max %.2f ms", lane.p99_gap_ms,
                            lane.max_gap_ms);
    }
    progress_.Say(
        absl::StrFormat("%-14s %8d rounds %10d tasks %3d findings  %s%s%s",
                        Title(lane), lane.rounds, lane.tasks, lane.findings,
                        gap, lane.note.empty() ? "" : "; ", lane.note));
  }
  const std::string bound =
      findings_ > 0 || rounds == 0
          ? ""
          : absl::StrFormat(
                "; with 95 %% confidence it fails in less than %.2g "
                "of such rounds",
                3.0 / static_cast<double>(rounds));
  progress_.Say(absl::StrFormat("%s%d findings in %d rounds, %.1fs, seed %d%s",
                                interrupted_ ? "interrupted; " : "", findings_,
                                rounds, static_cast<double>(ElapsedMs()) / 1000,
                                options_.spec.seed, bound));
}

int Campaign::ExitCode() const {
  if (findings_ > 0) return kExitFound;
  if (failed_) return kExitFailed;
  const bool searched = std::any_of(lanes_.begin(), lanes_.end(),
                                    [](const Lane& l) { return l.rounds > 0; });
  if (searched) return kExitClean;
  // Nothing searched is not "nothing found".
  return skipped_ && !interrupted_ ? kExitUsage : kExitFailed;
}

}  // namespace reveille::stress

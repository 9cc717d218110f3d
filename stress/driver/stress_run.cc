#include "stress/driver/stress_run.h"

#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "stress/driver/exit_codes.h"
#include "stress/driver/seeds.h"
#include "stress/oracles/quiescence.h"
#include "stress/report/files.h"
#include "stress/report/stacks.h"

namespace reveille::stress {
namespace {

// A new pool every few rounds: creation and shutdown are under test too, and a
// drift of counters has some rounds to grow in.
constexpr uint64_t kRoundsPerPool = 8;
constexpr auto kShutdownPatience = std::chrono::seconds(60);

int64_t NowNs() {
  timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return int64_t{ts.tv_sec} * 1'000'000'000 + ts.tv_nsec;
}

// What a failure says without its numbers: equal for equal causes.
std::string WithoutNumbers(absl::string_view text) {
  std::string result;
  for (const char c : text) {
    if (!absl::ascii_isdigit(c)) {
      result.push_back(c);
    } else if (result.empty() || result.back() != '#') {
      result.push_back('#');
    }
  }
  return result;
}

// Tasks of one round that are told apart.
constexpr uint32_t kJudgeCapacity = 1 << 20;

}  // namespace

StressRun::StressRun(RunSpec spec, StatusPage* page)
    : spec_(std::move(spec)),
      page_(page),
      scenario_(FindScenario(spec_.scenario)),
      began_ns_(NowNs()),
      knobs_(spec_.knobs),
      judge_(kJudgeCapacity),
      wakes_(&judge_) {
  judge_.Observe(&wakes_);
  if (scenario_ != nullptr && scenario_->tune) scenario_->tune(knobs_);
  record_.request = RequestOf(spec_);
  record_.first_round = spec_.first_round;
  record_.started_at =
      absl::FormatTime(absl::RFC3339_sec, absl::Now(), absl::UTCTimeZone());
}

StressRun::~StressRun() = default;

bool StressRun::TimeIsOver() const {
  return stop_.load() || NowNs() - began_ns_ >= spec_.budget_ms * 1'000'000;
}

uint64_t StressRun::RoundNumber(uint64_t n) const {
  return spec_.same_round ? spec_.first_round : spec_.first_round + n;
}

int StressRun::Run() {
  absl::StatusOr<ChaosOptions> chaos = ParseChaos(spec_.chaos);
  if (scenario_ == nullptr || !chaos.ok()) {
    record_.error = "no such scenario or chaos";
    WriteLine("failed");
    return kExitFailed;
  }
  chaos->seed = RoundSeed(spec_.seed, "chaos", spec_.first_round);
  watchdog_ = std::make_unique<Watchdog>(
      DefaultWatchdogOptions(),
      [this](const Verdict& v, const WatchdogReport& r) { OnVerdict(v, r); });
  chaos_ = std::make_unique<Chaos>(*chaos);
  for (uint64_t n = 0; n == 0 || !TimeIsOver(); ++n) {
    if (spec_.rounds != 0 && n >= spec_.rounds) break;
    if (n % kRoundsPerPool == 0) EndPool();
    if (pool_ == nullptr && !MakePool()) return kExitFailed;
    RunRound(RoundNumber(n));
  }
  EndPool();
  record_.watchdog = watchdog_->report();
  std::lock_guard<std::mutex> lock(ending_);
  return WriteLine(interrupted_ ? "interrupted" : "clean") ? kExitClean
                                                           : kExitFailed;
}

void StressRun::AskToStop(bool interrupted) {
  if (interrupted) interrupted_.store(true);
  stop_.store(true);
}

absl::StatusOr<std::unique_ptr<Pool>> StressRun::CreatePool(
    int parallelism) const {
  const PoolEntry* entry = FindPool(spec_.pool);
  if (entry == nullptr) {
    return absl::NotFoundError(absl::StrCat("no pool ", spec_.pool));
  }
  return entry->create({parallelism, spec_.rescuers, spec_.flight_recorder});
}

void StressRun::Watch(Pool* pool, const Judge* judge) {
  if (spec_.watchdog) watchdog_->Begin(pool, judge);
}

void StressRun::LookAway() {
  if (spec_.watchdog) watchdog_->End();
}

bool StressRun::MakePool() {
  page_->phase = Phase::kCreating;
  Watch(nullptr, nullptr);
  absl::StatusOr<std::unique_ptr<Pool>> pool = CreatePool(knobs_.procs);
  LookAway();
  if (!pool.ok()) {
    record_.error = std::string(pool.status().message());
    WriteLine("failed");
    return false;
  }
  pool_ = *std::move(pool);
  visible_pool_.store(pool_.get());
  const std::string missing =
      scenario_->missing ? scenario_->missing(*pool_) : "";
  if (missing.empty()) return true;
  EndPool();
  record_.error = absl::StrCat("pool ", spec_.pool, " lacks what scenario ",
                               spec_.scenario, " needs: ", missing);
  WriteLine("skipped");
  return false;
}

void StressRun::RunRound(uint64_t round) {
  round_.store(round);
  page_->round = round;
  page_->phase = Phase::kRound;
  const uint64_t seed = RoundSeed(spec_.seed, spec_.scenario, round);
  ScenarioContext context{
      *pool_,
      knobs_,
      seed,
      std::mt19937_64(seed),
      judge_,
      stop_,
      [this](int parallelism) { return CreatePool(parallelism); }};
  wakes_.Begin(pool_.get());
  Watch(pool_.get(), &judge_);
  scenario_->run(context);
  LookAway();
  ReportFailures();
  ++record_.rounds;
  record_.tasks = judge_.finished();
  page_->rounds_done = record_.rounds;
  page_->tasks_done = record_.tasks;
}

void StressRun::EndPool() {
  if (pool_ == nullptr) return;
  page_->phase = Phase::kEnding;
  Watch(nullptr, nullptr);
  const bool in_time =
      pool_->Shutdown(std::chrono::steady_clock::now() + kShutdownPatience);
  if (in_time) {
    CheckQuiescent(*pool_, &judge_);
  } else {
    judge_.Fail("deadlock",
                "Shutdown() gave up although all tasks had finished");
  }
  ReportFailures();
  AddCounters();
  visible_pool_.store(nullptr);
  pool_.reset();
  LookAway();
}

const WhiteBoxPool* StressRun::WhiteBox() const {
  Pool* pool = visible_pool_.load();
  return pool != nullptr ? pool->AsWhiteBox() : nullptr;
}

void StressRun::AddCounters() {
  const WhiteBoxPool* white = WhiteBox();
  if (white == nullptr) return;
  for (const auto& [name, value] : white->Counters()) counters_[name] += value;
}

Finding StressRun::NewFinding(absl::string_view verdict,
                              absl::string_view what) const {
  Finding f;
  f.verdict = std::string(verdict);
  f.what = std::string(what);
  f.abstract_state = WithoutNumbers(what);
  f.pool = spec_.pool;
  f.scenario = spec_.scenario;
  f.request = record_.request;
  f.round = round_.load();
  f.round_seed = RoundSeed(spec_.seed, spec_.scenario, f.round);
  f.command = CommandFor(spec_, f.round);
  return f;
}

nlohmann::json StressRun::FailuresToJson() const {
  nlohmann::json list = nlohmann::json::array();
  for (const Failure& f : judge_.failures()) {
    list.push_back({{"verdict", f.verdict}, {"what", f.what}});
  }
  return list;
}

void StressRun::OnVerdict(const Verdict& v, const WatchdogReport& report) {
  std::unique_lock<std::mutex> lock(ending_);
  record_.watchdog = report;
  Finding finding = NewFinding(v.verdict, v.what);
  finding.abstract_state = v.abstract_state;
  const Phase phase = page_->phase;
  if (phase != Phase::kRound) {
    finding.abstract_state = ToString(phase);
    finding.what = absl::StrCat("while ", ToString(phase), ": ", v.what);
  }
  finding.evidence = {{"phase", ToString(phase)},
                      {"sightings", v.sightings},
                      {"failures", FailuresToJson()},
                      {"first", ToJson(v.first)},
                      {"last", ToJson(v.last)}};
  Report(std::move(finding));
  End(kExitFound);
}

void StressRun::ReportFailures() {
  if (!judge_.failed()) return;
  // Before the lock: a watchdog that reports holds both, in the other order.
  record_.watchdog = watchdog_->report();
  std::unique_lock<std::mutex> lock(ending_);
  std::string last;
  for (const Failure& failure : judge_.failures()) {
    // A round that goes wrong says the same thing often.
    if (failure.verdict == last) continue;
    last = failure.verdict;
    Finding finding = NewFinding(failure.verdict, failure.what);
    finding.evidence = {{"phase", ToString(page_->phase.load())},
                        {"failure_count", judge_.failure_count()},
                        {"failures", FailuresToJson()}};
    Report(std::move(finding));
  }
  End(kExitFound);
}

// State first, stacks last: the signals that ask for them disturb.
void StressRun::Report(Finding finding) {
  page_->phase = Phase::kReporting;
  const WhiteBoxPool* white = WhiteBox();
  if (white != nullptr) {
    finding.state = white->StateDump();
    finding.trace = white->FlightRecord();
  }
  finding.stacks = AllStacks();
  Record(finding);
  const absl::StatusOr<std::string> folder = WriteFinding(spec_.out, finding);
  if (!folder.ok()) {
    record_.error = std::string(folder.status().message());
    std::fprintf(stderr, "reveille: %s\n", record_.error.c_str());
  }
}

void StressRun::Record(const Finding& f) {
  record_.verdicts.push_back(
      {f.verdict, f.what, SignatureOf(f), f.round, f.round_seed, f.command});
}

void StressRun::ReportUnjudged() {
  std::unique_lock<std::mutex> lock(ending_);
  const std::string phase = ToString(page_->phase.load());
  Finding finding = NewFinding(
      "unjudged", absl::StrCat("hung while ", phase, "; no judge can say why"));
  finding.stacks = AllStacks();
  Record(finding);
  (void)WriteFinding(spec_.out, finding);
  WriteLine("unjudged");
  End(kExitFailed);
}

void StressRun::FillRecord(absl::string_view outcome) {
  record_.outcome = std::string(outcome);
  record_.duration_s = static_cast<double>(NowNs() - began_ns_) / 1e9;
  record_.wakes = wakes_.latencies();
  if (chaos_ != nullptr) {
    const ChaosCounts c = chaos_->counts();
    record_.chaos = {{"stalls", c.stalls},
                     {"affinity_moves", c.affinity_moves},
                     {"renices", c.renices},
                     {"hogs", c.hogs}};
  }
  // Nothing that could wait for what hangs.
  if (outcome == "unjudged") return;
  AddCounters();
  record_.counters.assign(counters_.begin(), counters_.end());
}

bool StressRun::WriteLine(absl::string_view outcome) {
  FillRecord(outcome);
  const std::string line = ToJson(record_).dump(
      -1, ' ', false, nlohmann::json::error_handler_t::replace);
  const absl::Status status = AppendLine(spec_.out + "/results.jsonl", line);
  page_->SetLine(line);
  if (status.ok()) return true;
  std::fprintf(stderr, "reveille: %s\n", std::string(status.message()).c_str());
  return false;
}

// Called with ending_ held. No destructor runs: the pool is stuck or broken.
void StressRun::End(int code) {
  if (record_.outcome == "clean") WriteLine("finding");
  std::fflush(nullptr);
  _exit(code);
}

}  // namespace reveille::stress

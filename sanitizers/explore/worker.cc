#include "worker.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "crash.h"
#include "execution.h"
#include "native.h"
#include "random.h"
#include "strategies/replay.h"

namespace reveille::explore {

void DistinctCounter::Add(uint64_t value) {
  const uint64_t scattered = Scatter(value);
  const uint64_t index = scattered >> (64 - kBits);
  const uint64_t rest = (scattered << kBits) | (uint64_t{1} << (kBits - 1));
  const uint8_t rank = static_cast<uint8_t>(__builtin_clzll(rest) + 1);
  if (rank > registers_[index]) registers_[index] = rank;
}

void DistinctCounter::Merge(const DistinctCounter& other) {
  for (int i = 0; i < (1 << kBits); ++i) {
    if (other.registers_[i] > registers_[i])
      registers_[i] = other.registers_[i];
  }
}

uint64_t DistinctCounter::Estimate() const {
  constexpr double kCount = 1 << kBits;
  double sum = 0;
  int empty = 0;
  for (uint8_t rank : registers_) {
    sum += ldexp(1.0, -rank);
    if (rank == 0) ++empty;
  }
  const double alpha = 0.7213 / (1 + 1.079 / kCount);
  const double raw = alpha * kCount * kCount / sum;
  const bool small = raw < 2.5 * kCount && empty > 0;
  return static_cast<uint64_t>(
      llround(small ? kCount * log(kCount / empty) : raw));
}

uint64_t UnitsOf(const Config& config) {
  // An exhaustive search cannot be cut into independent pieces.
  if (strcmp(config.strategy, "bounded") == 0) return 1;
  return (config.executions + config.unit - 1) / config.unit;
}

namespace {

// Hashes seen in this unit; now and then an old one is taken for new, never
// the other way round.
class Seen {
 public:
  void Clear() { memset(hashes_, 0, sizeof hashes_); }
  bool IsNew(uint64_t hash) {
    uint64_t& slot = hashes_[(hash >> 20) % kSlots];
    const bool is_new = slot != hash;
    slot = hash;
    return is_new;
  }

 private:
  static constexpr size_t kSlots = 1 << 15;
  uint64_t hashes_[kSlots] = {};
};

constinit Seen g_seen;

class Worker {
 public:
  explicit Worker(const Assignment& assignment)
      : assignment_(assignment),
        config_(*assignment.config),
        page_(assignment.page) {}

  void Run();

 private:
  // False: stop, something was found or the time is up.
  bool RunUnit(uint64_t unit);
  bool RunUnitUnder(Strategy* strategy, uint64_t unit);
  uint64_t KeyOf(uint64_t unit, uint64_t index) const {
    return Scatter(Scatter(config_.seed) + unit * config_.unit + index);
  }
  const Outcome& RunExecution(Strategy* strategy);
  void Count(const Outcome& outcome);
  void Report(const Outcome& outcome, uint64_t execution);
  void RememberFirst();
  bool FirstRepeats();
  void CountTime() {
    page_->cpu = cpu_before_ + native::ProcessorNanoseconds();
  }
  bool TimeIsUp() {
    CountTime();
    if (assignment_.most_cpu != 0 && page_->cpu > assignment_.most_cpu) {
      return true;
    }
    return assignment_.deadline != 0 &&
           native::MonotonicNanoseconds() > assignment_.deadline;
  }

  const Assignment& assignment_;
  const Config& config_;
  WorkerPage* page_;
  const uint64_t cpu_before_ = page_->cpu;  // of this job's other processes
  Buffer<Choice> first_{kMostChoices};
  uint64_t first_hash_ = 0;
};

const Outcome& Worker::RunExecution(Strategy* strategy) {
  const Outcome& outcome =
      Execute(strategy, config_.limits, assignment_.program.body,
              assignment_.program.argument);
  ExecutionSummary summary;
  summary.steps = outcome.steps;
  summary.hash = outcome.hash;
  summary.novel = g_seen.IsNew(outcome.hash);
  strategy->End(summary);
  return outcome;
}

void Worker::Count(const Outcome& outcome) {
  ++page_->executions;
  page_->steps += outcome.steps;
  if (outcome.steps > page_->longest) page_->longest = outcome.steps;
  if (outcome.starved) ++page_->starved;
  page_->distinct.Add(outcome.hash);
}

void Worker::Report(const Outcome& outcome, uint64_t execution) {
  page_->outcome = outcome;
  page_->execution = execution;
  page_->found_at = native::MonotonicNanoseconds();
  CountTime();
  const Choice* choices = LastChoices(&page_->choice_count);
  memcpy(assignment_.choices, choices, page_->choice_count * sizeof(Choice));
  page_->found = true;
}

void Worker::RememberFirst() {
  size_t count;
  const Choice* choices = LastChoices(&count);
  first_.Assign(choices, count);
  first_hash_ = g_execution.outcome.hash;
}

// A clean execution leaves nothing behind, or else the first one of the unit,
// repeated after all others, goes another way.
bool Worker::FirstRepeats() {
  Replay replay(first_.data(), first_.size());
  replay.Begin(0);
  const Outcome& again =
      Execute(&replay, config_.limits, assignment_.program.body,
              assignment_.program.argument);
  if (again.hash == first_hash_) return true;
  page_->lens_error = true;
  snprintf(
      page_->message, sizeof page_->message,
      "%s: a schedule repeated in one process went another way (%s %.300s); "
      "the program keeps state between executions that the lens does not "
      "restore, such as plain global variables",
      NameOf(Verdict::kDirtyRestart), NameOf(again.verdict), again.message);
  return false;
}

bool Worker::RunUnitUnder(Strategy* strategy, uint64_t unit) {
  const bool exhaustive = UnitsOf(config_) == 1 && CompletenessOf(strategy);
  const uint64_t most = exhaustive ? config_.executions : config_.unit;
  uint64_t index = 0;
  for (; index < most && strategy->Begin(KeyOf(unit, index)); ++index) {
    const uint64_t execution = unit * config_.unit + index;
    if (execution >= config_.executions) break;
    const Outcome& outcome = RunExecution(strategy);
    Count(outcome);
    if (outcome.verdict != Verdict::kClean) {
      Report(outcome, execution);
      return false;
    }
    if (index == 0) RememberFirst();
    if (index % 64 == 63 && TimeIsUp()) return false;
  }
  return index == 0 || FirstRepeats();
}

bool Worker::RunUnit(uint64_t unit) {
  g_seen.Clear();
  g_execution.endless.Clear();
  Strategy* strategy =
      CreateStrategy(config_.strategy, config_.strategy_limits);
  const bool go_on = RunUnitUnder(strategy, unit);
  const char* completeness = CompletenessOf(strategy);
  if (completeness != nullptr) {
    snprintf(page_->completeness, sizeof page_->completeness, "%s",
             completeness);
  }
  DestroyStrategy(strategy);
  return go_on;
}

void Worker::Run() {
  const uint64_t jobs = static_cast<uint64_t>(config_.jobs);
  while (page_->next_unit < UnitsOf(config_)) {
    const uint64_t unit = page_->next_unit;
    page_->next_unit += jobs;
    if (!RunUnit(unit)) break;
  }
  CountTime();
  page_->finished = true;
}

}  // namespace

void Work(const Assignment& assignment) {
  WatchForSilence(assignment.config->silence_seconds);
  Worker(assignment).Run();
}

}  // namespace reveille::explore

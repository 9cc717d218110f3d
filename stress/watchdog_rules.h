// The watchdog's two rules, as plain functions of sightings.
//
// Both judge state that persists, never time that passes. A rule keeps a
// baseline; whatever moves (a step of the pool, a task, a stall by chaos)
// makes the next sighting the new baseline. Only when several sightings in a
// row show the same, and each thread that the kernel calls runnable has had
// enough processor time since the baseline to finish a wake that it might have
// been in, is it a verdict. The spans in the options are floors on top of that.
#ifndef REVEILLE_STRESS_WATCHDOG_RULES_H_
#define REVEILLE_STRESS_WATCHDOG_RULES_H_

#include <cstdint>
#include <optional>
#include <string>

#include "stress/sighting.h"

namespace reveille::stress {

enum class Symptom {
  kNone,
  kIdleWorker,    // Idle P, runnable work, nobody on the way to it.
  kLateTimer,     // Idle P and a timer past due by more than the grace.
  kCounterDrift,  // Somebody is said to search.
};
const char* ToVerdict(Symptom symptom);

struct WhiteBoxOptions {
  int sightings = 6;
  int64_t span_ns = 2'000'000;
  int drift_sightings = 40;
  int64_t drift_span_ns = 50'000'000;
  // A timer may be this late even when a P is idle: epoll_wait() sleeps in
  // whole milliseconds and the kernel adds its slack.
  int64_t timer_grace_ns = 10'000'000;
  int64_t enough_cpu_ns = 300'000;
};

// For pools that show their state.
class WhiteBoxRule {
 public:
  explicit WhiteBoxRule(WhiteBoxOptions options);

  // What a snapshot looks like on its own. Cheap; the caller only takes the
  // sighting's threads while this says something.
  Symptom Look(const PoolSnapshot& snapshot) const;
  std::optional<Verdict> Judge(const Sighting& now);
  void Forget() { count_ = 0; }

 private:
  bool Moved(const Sighting& now, Symptom symptom) const;
  bool Persistent(const Sighting& now) const;
  Verdict Conclude(const Sighting& now) const;

  const WhiteBoxOptions options_;
  Symptom symptom_ = Symptom::kNone;
  Sighting first_;
  int count_ = 0;
  ThreadLedger ledger_;
};

struct BlackBoxOptions {
  // Work waits, a worker is free, nobody has moved. (What waits for a timer or
  // a descriptor is not counted as waiting work before its event.)
  int sightings = 10;
  int64_t span_ns = 200'000'000;
  // Nothing at all has moved, and no reason is known why it should: long enough
  // for scenarios that sleep between submissions.
  int still_sightings = 60;
  int64_t still_span_ns = 3'000'000'000;
  int64_t enough_cpu_ns = 20'000'000;
  // So often no task has moved: let nobody be stalled until one has, or a task
  // that spins is stalled again and again, and there is never a baseline.
  int suspicious_sightings = 5;
};

// For all pools: from outside, by the Judge's counts and the kernel's.
class BlackBoxRule {
 public:
  explicit BlackBoxRule(BlackBoxOptions options);

  std::optional<Verdict> Judge(const Sighting& now);
  // Whether no task has moved for a while, with stalls or without.
  bool Suspects() const { return unmoved_ >= options_.suspicious_sightings; }
  void Forget() { count_ = unmoved_ = 0; }

 private:
  void Count(const Sighting& now);
  bool Moved(const Sighting& now) const;
  bool Seen(int sightings, int64_t span_ns, const Sighting& now) const;
  std::string Diagnose(const Sighting& now) const;
  Verdict Conclude(const std::string& verdict, const Sighting& now) const;

  const BlackBoxOptions options_;
  Sighting first_;
  int count_ = 0;
  TaskCounts last_tasks_;
  int unmoved_ = 0;
  ThreadLedger ledger_;
};

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_WATCHDOG_RULES_H_

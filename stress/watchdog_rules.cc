#include "stress/watchdog_rules.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace reveille::stress {
namespace {

std::string Unchanged(int sightings, int64_t span_ns) {
  return absl::StrFormat("unchanged over %d sightings in %.1f ms", sightings,
                         static_cast<double>(span_ns) / 1e6);
}

const char* SomeOrNone(uint64_t n) { return n == 0 ? "none" : "some"; }

std::string Describe(Symptom symptom, const PoolSnapshot& s) {
  switch (symptom) {
    case Symptom::kIdleWorker:
      return absl::StrFormat(
          "%d of %d workers idle while %d tasks are runnable; nobody searches, "
          "nobody is between wake and run",
          s.idle, s.workers, s.runnable);
    case Symptom::kLateTimer:
      return absl::StrFormat(
          "a timer is %.1f ms past due while %d of %d workers are idle; nobody "
          "searches, nobody is between wake and run",
          static_cast<double>(s.time_ns - s.next_timer_ns) / 1e6, s.idle,
          s.workers);
    case Symptom::kCounterDrift:
      return absl::StrFormat(
          "%d threads are counted as searching, but no thread outside the "
          "running tasks moves (%d tasks runnable, %d of %d workers idle)",
          s.searching, s.runnable, s.idle, s.workers);
    case Symptom::kNone:
      break;
  }
  return "";
}

}  // namespace

const char* ToVerdict(Symptom symptom) {
  switch (symptom) {
    case Symptom::kIdleWorker:
      return "idle-worker-with-runnable-work";
    case Symptom::kLateTimer:
      return "late-timer";
    case Symptom::kCounterDrift:
      return "counter-drift";
    case Symptom::kNone:
      break;
  }
  return "none";
}

WhiteBoxRule::WhiteBoxRule(WhiteBoxOptions options)
    : options_(options), ledger_(options.enough_cpu_ns) {}

Symptom WhiteBoxRule::Look(const PoolSnapshot& s) const {
  if (s.stopping_world) return Symptom::kNone;
  if (s.searching > 0) return Symptom::kCounterDrift;
  if (s.in_transition > 0 || s.idle == 0) return Symptom::kNone;
  if (s.runnable > 0) return Symptom::kIdleWorker;
  const bool overdue = s.next_timer_ns != 0 &&
                       s.time_ns > s.next_timer_ns + options_.timer_grace_ns;
  return overdue ? Symptom::kLateTimer : Symptom::kNone;
}

bool WhiteBoxRule::Moved(const Sighting& now, Symptom symptom) const {
  return symptom != symptom_ || now.stalls_active != 0 ||
         now.stall_epoch != first_.stall_epoch ||
         now.pool->steps != first_.pool->steps ||
         // The last look back of the double collect: the same fields too.
         now.pool->idle != first_.pool->idle ||
         now.pool->runnable != first_.pool->runnable ||
         now.pool->next_timer_ns != first_.pool->next_timer_ns;
}

bool WhiteBoxRule::Persistent(const Sighting& now) const {
  const bool drift = symptom_ == Symptom::kCounterDrift;
  const int sightings = drift ? options_.drift_sightings : options_.sightings;
  const int64_t span_ns = drift ? options_.drift_span_ns : options_.span_ns;
  return count_ >= sightings && now.time_ns - first_.time_ns >= span_ns;
}

std::optional<Verdict> WhiteBoxRule::Judge(const Sighting& now) {
  const Symptom symptom = now.pool ? Look(*now.pool) : Symptom::kNone;
  if (symptom == Symptom::kNone) {
    Forget();
    return std::nullopt;
  }
  if (count_ == 0 || Moved(now, symptom)) {
    symptom_ = symptom;
    first_ = now;
    // A sighting during a stall may be a baseline for nothing.
    count_ = now.stalls_active == 0 ? 1 : 0;
    ledger_.Restart(now);
    return std::nullopt;
  }
  ++count_;
  const ThreadMotion motion = ledger_.Since(now);
  if (motion.starved > 0 || !Persistent(now)) return std::nullopt;
  // A real searcher burns processor time beside the running tasks.
  if (symptom == Symptom::kCounterDrift &&
      static_cast<uint64_t>(motion.active) > now.tasks.running()) {
    return std::nullopt;
  }
  return Conclude(now);
}

Verdict WhiteBoxRule::Conclude(const Sighting& now) const {
  const PoolSnapshot& s = *now.pool;
  Verdict v;
  v.verdict = ToVerdict(symptom_);
  v.what = absl::StrCat(Describe(symptom_, s), "; ",
                        Unchanged(count_, now.time_ns - first_.time_ns));
  // What a late timer or a drifted counter meets is an accident.
  if (symptom_ == Symptom::kIdleWorker) {
    v.abstract_state =
        absl::StrCat("running=", SomeOrNone(now.tasks.running()));
  }
  v.first = first_;
  v.last = now;
  v.sightings = count_;
  return v;
}

BlackBoxRule::BlackBoxRule(BlackBoxOptions options)
    : options_(options), ledger_(options.enough_cpu_ns) {}

bool BlackBoxRule::Moved(const Sighting& now) const {
  return now.tasks != first_.tasks || now.in_round != first_.in_round ||
         now.stalls_active != 0 || now.stall_epoch != first_.stall_epoch ||
         now.parallelism != first_.parallelism;
}

void BlackBoxRule::Count(const Sighting& now) {
  unmoved_ = now.tasks == last_tasks_ ? unmoved_ + 1 : 0;
  last_tasks_ = now.tasks;
}

bool BlackBoxRule::Seen(int sightings, int64_t span_ns,
                        const Sighting& now) const {
  return count_ >= sightings && now.time_ns - first_.time_ns >= span_ns;
}

std::optional<Verdict> BlackBoxRule::Judge(const Sighting& now) {
  if (!now.in_round) {
    Forget();
    return std::nullopt;
  }
  Count(now);
  if (count_ == 0 || Moved(now)) {
    first_ = now;
    count_ = now.stalls_active == 0 ? 1 : 0;
    ledger_.Restart(now);
    return std::nullopt;
  }
  ++count_;
  const ThreadMotion motion = ledger_.Since(now);
  // More threads compute than tasks run: somebody else is at work, a producer
  // or a worker that is about to begin a task.
  if (motion.starved > 0 ||
      static_cast<uint64_t>(motion.active) > now.tasks.running()) {
    return std::nullopt;
  }
  const std::string verdict = Diagnose(now);
  // All tasks that run compute: however long they take, that is no hang.
  if (verdict == "deadlock" && motion.active > 0) return std::nullopt;
  if (verdict.empty()) return std::nullopt;
  return Conclude(verdict, now);
}

std::string BlackBoxRule::Diagnose(const Sighting& now) const {
  const TaskCounts& tasks = now.tasks;
  const bool still =
      Seen(options_.still_sightings, options_.still_span_ns, now);
  const bool free_worker =
      tasks.running() < static_cast<uint64_t>(now.parallelism);
  if (now.pool) {
    // The pool says what it waits for; a timer ahead is a reason to sleep.
    if (!still || now.pool->next_timer_ns > now.time_ns) return "";
    const bool thinks_done =
        now.pool->runnable == 0 && now.pool->idle == now.pool->workers;
    if (tasks.waiting() > 0 && tasks.running() == 0 && thinks_done &&
        now.pool->in_transition == 0) {
      return "lost-task";
    }
  } else if (tasks.waiting() > 0 && free_worker) {
    if (!Seen(options_.sightings, options_.span_ns, now)) return "";
    return tasks.running() > 0 ? "idle-worker-with-runnable-work" : "deadlock";
  }
  if (!still) return "";
  const bool idle_worker =
      tasks.waiting() > 0 && tasks.running() > 0 && free_worker;
  return idle_worker ? "idle-worker-with-runnable-work" : "deadlock";
}

Verdict BlackBoxRule::Conclude(const std::string& verdict,
                               const Sighting& now) const {
  const TaskCounts& tasks = now.tasks;
  Verdict v;
  v.verdict = verdict;
  v.what = absl::StrFormat(
      "%d tasks submitted and not begun, %d running, room for %d at a time; "
      "the threads outside the running tasks sleep in the kernel; %s",
      tasks.waiting(), tasks.running(), now.parallelism,
      Unchanged(count_, now.time_ns - first_.time_ns));
  v.abstract_state = absl::StrCat("waiting=", SomeOrNone(tasks.waiting()),
                                  " running=", SomeOrNone(tasks.running()));
  v.first = first_;
  v.last = now;
  v.sightings = count_;
  return v;
}

}  // namespace reveille::stress

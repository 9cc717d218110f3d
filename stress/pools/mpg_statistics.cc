// What MpgPool shows of the scheduler's state, see reveille/stats.h.
#include <time.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "stress/pools/mpg_pool.h"

namespace reveille::stress {
namespace {

int64_t FirstTimer(const Stats& stats) {
  int64_t first = stats.outside_next_timer_ns;
  for (const PStats& p : stats.ps) {
    if (p.next_timer_ns == 0) continue;
    first = first == 0 ? p.next_timer_ns : std::min(first, p.next_timer_ns);
  }
  return first;
}

// All that Stats::SameSteps() compares.
std::vector<uint64_t> Steps(const Stats& stats) {
  std::vector<uint64_t> steps = {stats.events, stats.spawned, stats.finished};
  for (const PStats& p : stats.ps) {
    steps.insert(steps.end(), {p.ticks, p.block_ticks, p.changes, p.queue});
  }
  for (const MStats& m : stats.ms) {
    steps.insert(steps.end(), {m.steps, static_cast<uint64_t>(m.state),
                               uint64_t{m.handing_on}});
  }
  return steps;
}

std::vector<int> ThreadIds(const Stats& stats) {
  std::vector<int> tids;
  for (const MStats& m : stats.ms) {
    if (m.tid != 0 && m.state != MState::kExited) tids.push_back(m.tid);
  }
  return tids;
}

// The first counter that is not what it is at rest, or "".
std::string FirstDrift(const Stats& s) {
  const std::pair<const char*, uint64_t> zeros[] = {
      {"nmspinning", s.nmspinning},
      {"global_queue", s.global_queue},
      {"idle_queue", s.idle_queue},
      {"idle_running", s.idle_running},
      {"netpoll_waiters", s.netpoll_waiters},
      {"spawned - finished", s.spawned - s.finished},
      {"procs - npidle", s.procs - s.npidle},
  };
  for (const auto& [name, value] : zeros) {
    if (value != 0) {
      return absl::StrCat(name, " is ", static_cast<int64_t>(value),
                          " at rest");
    }
  }
  return "";
}

std::string FirstBusyP(const Stats& s) {
  for (const PStats& p : s.ps) {
    if (p.status == PStatus::kDead) continue;
    if (p.queue != 0) {
      return absl::StrCat("P", p.id, " has ", p.queue, " tasks at rest");
    }
    if (p.status != PStatus::kIdle || !p.on_idle_list) {
      return absl::StrCat("P", p.id, " is ", ToString(p.status), " at rest");
    }
  }
  return "";
}

// None, one, several.
uint64_t ClassOf(uint64_t count) { return std::min<uint64_t>(count, 2); }

void Sleep(int64_t ns) {
  const timespec span = {0, static_cast<long>(ns)};
  ::clock_nanosleep(CLOCK_MONOTONIC, 0, &span, nullptr);
}

}  // namespace

PoolSnapshot MpgPool::Snapshot() const {
  const Stats stats = scheduler_->GetStats();
  PoolSnapshot snapshot;
  snapshot.time_ns = stats.time_ns;
  snapshot.workers = stats.procs;
  snapshot.idle = stats.npidle;
  snapshot.runnable = stats.Runnable();
  snapshot.searching = stats.nmspinning;
  snapshot.in_transition = stats.InTransition();
  snapshot.stopping_world = stats.stopping_world;
  snapshot.next_timer_ns = FirstTimer(stats);
  snapshot.steps = Steps(stats);
  snapshot.tids = ThreadIds(stats);
  return snapshot;
}

int MpgPool::WorkerOf(int tid) const {
  const Stats stats = scheduler_->GetStats();
  for (const MStats& m : stats.ms) {
    if (m.tid == tid) return m.p;
  }
  return -1;
}

// Which P it is does not matter, and neither does how much lies in a queue.
uint64_t MpgPool::StateClass() const {
  const Stats s = scheduler_->GetStats();
  uint64_t filled = 0;
  for (const PStats& p : s.ps) filled += p.queue != 0;
  const uint64_t counts[] = {static_cast<uint64_t>(s.npidle),
                             ClassOf(static_cast<uint64_t>(s.nmspinning)),
                             uint64_t{s.needspinning},
                             ClassOf(s.global_queue),
                             ClassOf(filled),
                             uint64_t{s.poller},
                             uint64_t{s.netpoll_waiters != 0},
                             uint64_t{s.stopping_world}};
  uint64_t state = 1;
  for (const uint64_t count : counts) state = state << 3 | (count & 7);
  return state;
}

std::vector<std::pair<std::string, double>> MpgPool::Counters() const {
  const Stats s = scheduler_->GetStats();
  const std::pair<const char*, uint64_t> counters[] = {
      {"spawned", s.spawned},
      {"finished", s.finished},
      {"wakes", s.wakes},
      {"futile_wakes", s.futile_wakes},
      {"futex_wakes", s.futex_wakes},
      {"steals", s.steals},
      {"stolen_timers", s.stolen_timers},
      {"handoffs", s.handoffs},
      {"retakes", s.retakes},
      {"preempt_requests", s.preempt_requests},
      {"injected_batches", s.injected_batches},
      {"netpolls", s.netpolls},
      {"netpoll_breaks", s.netpoll_breaks},
      {"thread_failures", s.thread_failures},
      {"threads", static_cast<uint64_t>(s.threads)},
  };
  std::vector<std::pair<std::string, double>> result;
  for (const auto& [name, value] : counters) {
    result.emplace_back(name, static_cast<double>(value));
  }
  return result;
}

std::string MpgPool::StateDump() const { return scheduler_->SchedTrace(true); }

std::string MpgPool::FlightRecord() const {
  return scheduler_->DumpFlightRecorder();
}

// Threads that found nothing are still on their way to sleep when the last task
// has finished. So what is wrong only counts once it stands: the same over many
// looks, with no step taken in between and nobody on the way to one.
std::string MpgPool::CheckQuiescent() const {
  constexpr int kLooksAtStandstill = 200;
  constexpr int kMostLooks = 40'000;
  Stats before = scheduler_->GetStats();
  std::string drift;
  for (int look = 0, still = 0; look < kMostLooks; ++look) {
    drift = FirstDrift(before);
    if (drift.empty()) drift = FirstBusyP(before);
    if (drift.empty() || still >= kLooksAtStandstill) return drift;
    Sleep(500'000);
    const Stats now = scheduler_->GetStats();
    // A thread that was woken or created and has not got a processor yet is no
    // standstill, however long that takes.
    const bool at_rest =
        now.InTransition() == 0 && Stats::SameSteps(before, now);
    still = at_rest ? still + 1 : 0;
    before = now;
  }
  return absl::StrCat(drift, ", and the scheduler does not come to rest");
}

}  // namespace reveille::stress

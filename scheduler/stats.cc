#include "reveille/stats.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "scheduler/hot_path.h"

namespace reveille {

const char* ToString(PStatus status) {
  switch (status) {
    case PStatus::kIdle:
      return "idle";
    case PStatus::kRunning:
      return "running";
    case PStatus::kBlocking:
      return "blocking";
    case PStatus::kStopped:
      return "stopped";
    case PStatus::kDead:
      return "dead";
  }
  return "?";
}

const char* ToString(MState state) {
  switch (state) {
    case MState::kStarting:
      return "starting";
    case MState::kSearching:
      return "searching";
    case MState::kRunning:
      return "running";
    case MState::kBlocking:
      return "blocking";
    case MState::kPolling:
      return "polling";
    case MState::kParked:
      return "parked";
    case MState::kParkedLocked:
      return "parked-locked";
    case MState::kExited:
      return "exited";
  }
  return "?";
}

uint64_t Stats::Runnable() const {
  uint64_t runnable = global_queue;
  for (const PStats& p : ps) runnable += p.queue;
  const uint32_t room =
      idle_limit > idle_running ? idle_limit - idle_running : 0;
  return runnable + std::min(idle_queue, room);
}

int Stats::InTransition() const {
  int count = 0;
  for (const MStats& m : ms) {
    count += m.state == MState::kStarting || m.state == MState::kSearching ||
             m.handing_on;
  }
  // A P in limbo is in the hands of somebody who moves it.
  for (const PStats& p : ps) {
    count += p.status == PStatus::kIdle && !p.on_idle_list;
  }
  return count;
}

bool Stats::SameSteps(const Stats& a, const Stats& b) {
  const auto same_p = [](const PStats& x, const PStats& y) {
    return x.ticks == y.ticks && x.block_ticks == y.block_ticks &&
           x.changes == y.changes && x.queue == y.queue;
  };
  const auto same_m = [](const MStats& x, const MStats& y) {
    return x.steps == y.steps && x.handing_on == y.handing_on;
  };
  return a.events == b.events && a.spawned == b.spawned &&
         a.finished == b.finished &&
         std::equal(a.ps.begin(), a.ps.end(), b.ps.begin(), b.ps.end(),
                    same_p) &&
         std::equal(a.ms.begin(), a.ms.end(), b.ms.begin(), b.ms.end(), same_m);
}

namespace {

template <typename... Args>
void AppendF(std::string* out, const char* format, Args... args) {
  char line[512];
  std::snprintf(line, sizeof line, format, args...);
  out->append(line);
}

void AppendP(const PStats& p, std::string* out) {
  AppendF(out,
          "\n  P%d: status=%s%s schedtick=%" PRIu64 " syscalltick=%" PRIu64
          " m=%d runqsize=%u timerslen=%u",
          p.id, ToString(p.status), p.on_idle_list ? " (listed)" : "", p.ticks,
          p.block_ticks, p.m, p.queue, p.timers);
}

void AppendM(const MStats& m, std::string* out) {
  AppendF(out,
          "\n  M%d: state=%s p=%d spinning=%d handingon=%d steps=%" PRIu64
          " tid=%d",
          m.id, ToString(m.state), m.p, m.spinning ? 1 : 0,
          m.handing_on ? 1 : 0, m.steps, m.tid);
}

}  // namespace

std::string Stats::ToTrace(int64_t start_ns, bool detailed) const {
  std::string out;
  AppendF(&out,
          "SCHED %" PRId64
          "ms: gomaxprocs=%d idleprocs=%d threads=%d spinningthreads=%d "
          "needspinning=%d idlethreads=%d runqueue=%u",
          (time_ns - start_ns) / 1000000, procs, npidle, threads, nmspinning,
          needspinning ? 1 : 0, idle_threads, global_queue);
  if (!detailed) {
    out += " [";
    for (const PStats& p : ps) {
      AppendF(&out, p.id == 0 ? "%u" : " %u", p.queue);
    }
    return out + "]";
  }
  AppendF(&out,
          " gcwaiting=%d nmidlelocked=%d poller=%d netpollwaiters=%u "
          "idlework=%u/%u+%u spawned=%" PRIu64 " finished=%" PRIu64,
          stopping_world ? 1 : 0, locked_idle_threads, poller ? 1 : 0,
          netpoll_waiters, idle_running, idle_limit, idle_queue, spawned,
          finished);
  for (const PStats& p : ps) AppendP(p, &out);
  for (const MStats& m : ms) AppendM(m, &out);
  return out;
}

namespace internal {

// The counters that only grow are read last to first as it were: the states,
// then the counters; a double collect compares both.
Stats Sched::GetStats() const {
  Stats stats;
  stats.time_ns = NowNs();
  stats.procs = procs_.load();
  stats.npidle = npidle_.load();
  stats.nmspinning = nmspinning_.load();
  stats.needspinning = needspinning_.load() != 0;
  stats.stopping_world = gcwaiting_.load();
  stats.global_queue = runqsize_.load();
  stats.idle_queue = idle_work_size_.load();
  stats.idle_running = idle_running_.load();
  stats.idle_limit = idle_limit_.load();
  stats.threads = nthreads_.load();
  stats.idle_threads = nmidle_.load();
  stats.locked_idle_threads = nmidlelocked_.load();
  stats.poller = lastpoll_.load() == 0;
  stats.netpoll_waiters = netpoll_.waiters.load();
  stats.poll_until_ns = poll_until_.load();
  stats.outside_next_timer_ns = outside_timers_.MinWhenNs();
  FillPs(&stats);
  FillMs(&stats);
  FillCounters(&stats);
  return stats;
}

void Sched::FillPs(Stats* stats) const {
  const int n = procs_.load();
  for (int i = 0; i < n; ++i) {
    const P* p = allp_[i];
    PStats one;
    one.id = i;
    one.status = p->status.load();
    one.on_idle_list = p->on_idle_list.load();
    M* m = p->m.load();
    one.m = m == nullptr ? -1 : m->id;
    one.queue = p->runq.Size();
    one.ticks = p->ticks.Load();
    one.block_ticks = p->block_ticks.load();
    one.changes = p->changes.load();
    one.timers = p->timers.size();
    one.next_timer_ns = p->timers.MinWhenNs();
    stats->ps.push_back(one);
  }
}

void Sched::FillMs(Stats* stats) const {
  const int n = ms_created_.load();
  for (int i = 0; i < n; ++i) {
    const M* m = allm_[i];
    MStats one;
    one.id = m->id;
    one.tid = m->tid.load();
    one.state = m->state.load();
    one.spinning = m->spinning.load();
    one.handing_on = m->handing_on.load();
    P* p = m->p_word.load();
    one.p = p == nullptr ? -1 : p->id;
    one.steps = m->steps.Load();
    stats->ms.push_back(one);
  }
}

void Sched::FillCounters(Stats* stats) const {
  stats->spawned = Spawned() - returned_.load();
  stats->finished = Finished();
  const int n = ps_created_.load();
  for (int i = 0; i < n; ++i) {
    const P* p = allp_[i];
    stats->steals += p->steals.Load();
    stats->stolen_timers += p->stolen_timers.Load();
  }
  stats->events = events_.load();
  stats->wakes = wakes_.load();
  stats->futile_wakes = futile_wakes_.load();
  stats->futex_wakes = futex_wakes_.load();
  stats->handoffs = handoffs_.load();
  stats->retakes = retakes_.load();
  stats->preempt_requests = preempt_requests_.load();
  stats->injected_batches = injected_batches_.load();
  stats->netpolls = netpolls_.load();
  stats->netpoll_breaks = netpoll_.breaks.load();
  stats->thread_failures = thread_failures_.load();
}

std::string Sched::Trace(bool detailed) const {
  return GetStats().ToTrace(start_ns_, detailed);
}

std::string Sched::DumpFlightRecorder() const {
  std::vector<FlightLane> lanes;
  const int n = ms_created_.load();
  for (int i = 0; i < n; ++i) {
    const M* m = allm_[i];
    lanes.push_back({m->id, m->tid.load(), m->ring.Decode()});
  }
  return ToChromeTrace(lanes, tsc_clock_);
}

}  // namespace internal
}  // namespace reveille

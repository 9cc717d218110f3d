// Beginning and end of a scheduler.

#include <string.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "scheduler/check.h"
#include "scheduler/hot_path.h"
#include "scheduler/join_state.h"
#include "scheduler/timer_state.h"

namespace reveille::internal {

Sched::Sched(const Options& options)
    : options_(options),
      start_ns_(NowNs()),
      allp_(std::make_unique_for_overwrite<P*[]>(Options::kMaxProcs)),
      allm_(std::make_unique_for_overwrite<M*[]>(
          static_cast<size_t>(options.max_threads))) {
  idle_limit_.store(
      static_cast<uint32_t>(std::max(1, options.idle_work_limit)));
  lastpoll_.store(std::max<int64_t>(start_ns_, 1));
}

Sched::~Sched() {
  DropTimers();
  for (int i = 0; i < ps_created_.load(); ++i) delete allp_[i];
  for (int i = 0; i < ms_created_.load(); ++i) delete allm_[i];
}

absl::Status Sched::Begin() {
  std::string what;
  if (const int error = netpoll_.Init(&what); error != 0) {
    return absl::ResourceExhaustedError(
        absl::StrCat("Scheduler::Create: ", what, ": ", strerror(error),
                     " (limit of open descriptors: ulimit -n)"));
  }
  lock_.Lock();
  ProcResize(options_.procs);
  // The first thread is made now, so that a system without threads is found out
  // here, and so that there is always one.
  const Start start = StartMLocked(PIdleGet(), /*spinning=*/false);
  lock_.Unlock();
  bool threads = CreateThread(start.create);
  if (threads && NeedsSysmon()) {
    has_sysmon_ = pthread_create(
                      &sysmon_thread_, nullptr,
                      [](void* self) -> void* {
                        pthread_setname_np(pthread_self(), "rvl-sysmon");
                        static_cast<Sched*>(self)->Sysmon();
                        return nullptr;
                      },
                      this) == 0;
    threads = has_sysmon_;
    if (!threads) EndThreads();
  }
  if (threads) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      "Scheduler::Create: pthread_create: no thread was to be had "
      "(limit of processes: ulimit -u, cgroup pids.max)");
}

// --- Drain -------------------------------------------------------------------

// Finished first, then spawned: both only grow, and each task is counted as
// spawned before it can be counted as finished. Equal sums were true at the
// moment between.
bool Sched::AllFinished() const {
  const uint64_t finished = returned_.load() + Finished();
  return finished == Spawned();
}

// The last task's M finds nothing else to do and idles its P: PIdlePut() calls
// NotifyDrain() when somebody drains. The drainer says so before he looks.
bool Sched::AwaitFinished(int64_t deadline_ns) {
  drainers_.fetch_add(1);
  bool finished;
  for (;;) {
    const uint32_t epoch = drain_epoch_.load();
    finished = AllFinished();
    if (finished || (deadline_ns >= 0 && NowNs() >= deadline_ns)) break;
    FutexWait(&drain_epoch_, epoch, deadline_ns);
  }
  drainers_.fetch_sub(1);
  return finished;
}

void Sched::NotifyDrain() {
  drain_epoch_.fetch_add(1);
  FutexWake(&drain_epoch_, INT_MAX);
}

absl::Status Sched::Drain(int64_t deadline_ns) {
  M* m = CurrentM();
  if (m != nullptr && m->sched == this) {
    return absl::FailedPreconditionError(
        "Drain: called from a task of this scheduler, which it would wait for");
  }
  if (AwaitFinished(deadline_ns)) return absl::OkStatus();
  return absl::DeadlineExceededError("Drain: tasks are left");
}

// --- Shutdown ----------------------------------------------------------------

Scheduler::ShutdownReport Sched::Shutdown(int64_t deadline_ns) {
  MutexLock once(&shutdown_mutex_);
  if (shut_down_) return report_;
  closing_.store(true);
  // Timers are no tasks, but one that fires makes a task, which may set
  // another.
  do {
    AwaitEnd(deadline_ns);
  } while (DropTimers() != 0 || !AllFinished());
  MutexLock no_resize(&resize_mutex_);
  EndThreads();
  report_.dropped = dropped_.load();
  report_.finished = Finished() - report_.dropped;
  shut_down_ = true;
  return report_;
}

void Sched::AwaitEnd(int64_t deadline_ns) {
  if (abandon_.load() ? AllFinished() : AwaitFinished(deadline_ns)) return;
  if (!abandon_.exchange(true)) report_.unfinished = ListUnfinished();
  // A task may begin a wait just as we pass by: pass by again.
  do {
    CancelAll();
  } while (!AwaitFinished(NowNs() + 10'000'000));
}

void Sched::CancelAll() {
  std::vector<Waiter::Claimed> claimed;
  {
    MutexLock lock(&records_mutex_);
    for (const auto& slab : slabs_) {
      for (G& g : *slab) {
        Waiter::Claimed one;
        if (g.cancel.Cancel(&one)) claimed.push_back(one);
      }
    }
  }
  for (const Waiter::Claimed& one : claimed) one.Deliver();
}

std::vector<Scheduler::Unfinished> Sched::ListUnfinished() {
  std::vector<Scheduler::Unfinished> unfinished;
  MutexLock lock(&records_mutex_);
  for (const auto& slab : slabs_) {
    for (G& g : *slab) {
      // Tasks end meanwhile, and their records become other tasks: a name
      // counts if it is the same on both sides of a look at a living one.
      const char* name;
      GStatus status;
      do {
        name = NameOf(&g);
        status = g.Status();
      } while (status != GStatus::kDead && NameOf(&g) != name);
      if (status == GStatus::kDead) continue;
      // Not IdOf(): the task is not ours to write to.
      const uint64_t id = g.id.load();
      unfinished.push_back(
          {id != 0 ? id : next_id_.fetch_add(1), name, ToString(status)});
    }
  }
  return unfinished;
}

// All tasks have ended. Whoever sleeps is woken; who is on his way to sleep
// finds the flag under the lock, or a broken poll.
void Sched::EndThreads() {
  for (;;) {
    const uint32_t epoch = exit_epoch_.load();
    std::vector<M*> sleepers;
    lock_.Lock();
    exiting_.store(true);
    while (M* m = MGet()) sleepers.push_back(m);
    // Under the lock: who gave a slot back has left the lock, too.
    const bool all_ended = nthreads_.load() == 0;
    lock_.Unlock();
    for (M* m : sleepers) m->park.Wake();
    netpoll_.Break();
    if (all_ended) break;
    FutexWait(&exit_epoch_, epoch, -1);
  }
  JoinThreads();
  if (!has_sysmon_) return;
  lock_.Lock();
  sysmon_ends_.store(true);
  sysmonnote_.Wake();
  lock_.Unlock();
  pthread_join(sysmon_thread_, nullptr);
  has_sysmon_ = false;
}

// Those of Timers, not the deadlines of waits: these belong to their tasks. How
// many there were.
int Sched::DropTimers() {
  int dropped = 0;
  for (int i = -1; i < ps_created_.load(); ++i) {
    TimerHeap& heap = i < 0 ? outside_timers_ : allp_[i]->timers;
    while (TimerNode* node = heap.PopAny(&TimerState::Fire)) {
      TimerState::Drop(node);
      ++dropped;
    }
  }
  return dropped;
}

}  // namespace reveille::internal

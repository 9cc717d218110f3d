// sysmon: a thread without a P that looks after what the others cannot see
// (Go: sysmon, retake). Three rescuers, each with its own option; with all of
// them off the thread does not exist.
//
// The protocol does not lean on it. It hides lost wakeups, so whoever hunts
// them turns it off.

#include <algorithm>

#include "scheduler/check.h"
#include "scheduler/hot_path.h"

namespace reveille::internal {
namespace {
constexpr int64_t kShortestDelayNs = 20'000;
constexpr int64_t kLongestDelayNs = 10'000'000;
constexpr int64_t kForcePreemptNs = 10'000'000;
constexpr int64_t kPollPeriodNs = 10'000'000;
constexpr int kIdleRoundsBeforeBackOff = 50;
}  // namespace

bool Sched::NeedsSysmon() const {
  return options_.sysmon_netpoll || options_.sysmon_retake ||
         options_.sysmon_preempt;
}

void Sched::Sysmon() {
  int idle_rounds = 0;
  int64_t delay = kShortestDelayNs;
  while (SysmonSleep(&delay, &idle_rounds)) {
    const int64_t now = NowNs();
    bool useful = options_.sysmon_netpoll && SysmonNetpoll(now);
    useful |= Retake(now);
    // A P that found no thread a while ago: try again.
    if (starved_.load()) WakeP();
    idle_rounds = useful ? 0 : idle_rounds + 1;
  }
}

// 20 us, doubling after 50 rounds that rescued nothing, or at once while all Ps
// are idle, up to 10 ms. All idle for that long: without a limit, for only then
// is it worth a futex call of the next submitter; unless they are idle for want
// of a thread, with work. False: the scheduler ends.
bool Sched::SysmonSleep(int64_t* delay_ns, int* idle_rounds) {
  const bool all_idle = npidle_.load() == procs_.load();
  if (*idle_rounds == 0) {
    *delay_ns = kShortestDelayNs;
  } else if (all_idle || *idle_rounds > kIdleRoundsBeforeBackOff) {
    *delay_ns = std::min(*delay_ns * 2, kLongestDelayNs);
  }
  int64_t until = NowNs() + *delay_ns;
  lock_.Lock();
  sysmonnote_.Clear();
  if (*delay_ns == kLongestDelayNs && npidle_.load() == procs_.load() &&
      !starved_.load()) {
    // Under the lock, as is the look of whoever takes the first P [W8].
    sysmonwait_.store(true);
    until = -1;
  }
  const bool ends = sysmon_ends_.load();
  lock_.Unlock();
  if (ends) return false;
  sysmonnote_.SleepUntil(until);
  if (until < 0) *idle_rounds = 0;
  return !sysmon_ends_.load();
}

// With every P busy nobody polls: do so every 10 ms.
bool Sched::SysmonNetpoll(int64_t now) {
  int64_t last = lastpoll_.load();
  if (last == 0 || netpoll_.waiters.load() == 0) return false;
  if (now - last < kPollPeriodNs) return false;
  if (!lastpoll_.compare_exchange_strong(last, now)) return false;
  GList list;
  netpolls_.fetch_add(1);
  const uint32_t delta = netpoll_.Poll(0, &list);
  const bool found = !list.Empty();
  InjectGList(&list);
  netpoll_.waiters.fetch_sub(delta);
  return found;
}

bool Sched::Retake(int64_t now) {
  bool useful = false;
  const int n = procs_.load();
  for (int i = 0; i < n; ++i) {
    P* p = allp_[i];
    const PStatus status = p->status.load();
    if (status == PStatus::kRunning) PreemptLong(p, now);
    if (status == PStatus::kBlocking && options_.sysmon_retake) {
      useful |= RetakeBlocked(p, now);
    }
  }
  return useful;
}

void Sched::PreemptLong(P* p, int64_t now) {
  const uint64_t ticks = p->ticks.Load();
  if (p->seen.ticks != ticks) {
    p->seen.ticks = ticks;
    p->seen.ticks_ns = now;
    return;
  }
  if (!options_.sysmon_preempt || now - p->seen.ticks_ns < kForcePreemptNs) {
    return;
  }
  if (!p->preempt.exchange(true)) preempt_requests_.fetch_add(1);
}

// One whole tick in the same blocking section; then at once if there is work or
// nobody to find some, else after 10 ms.
bool Sched::RetakeBlocked(P* p, int64_t now) {
  const uint64_t ticks = p->block_ticks.load();
  if (p->seen.block_ticks != ticks) {
    p->seen.block_ticks = ticks;
    p->seen.block_ns = now;
    return false;
  }
  const bool others = nmspinning_.load() + npidle_.load() > 0;
  if (p->runq.Empty() && runqsize_.load() == 0 && others &&
      now - p->seen.block_ns < kForcePreemptNs) {
    return false;
  }
  if (!p->TrySetStatus(PStatus::kBlocking, PStatus::kIdle)) return true;
  p->block_ticks.fetch_add(1);
  retakes_.fetch_add(1);
  HandOffP(p);
  return true;
}

}  // namespace reveille::internal

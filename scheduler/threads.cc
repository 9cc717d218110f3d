// The threads behind the Ms (Go: newm, allocm, mReserveID, mexit).

#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <cstdio>

#include "scheduler/check.h"
#include "scheduler/hot_path.h"

namespace reveille::internal {
namespace {
constexpr int64_t kRetryNs = 1'000'000;
thread_local M* current_m = nullptr;
}  // namespace

[[gnu::noinline]] M* CurrentM() { return current_m; }
[[gnu::noinline]] void SetCurrentM(M* m) { current_m = m; }

uint32_t M::Random() {
  // xorshift32: good enough to pick a victim, and repeatable for each M.
  random ^= random << 13;
  random ^= random >> 17;
  random ^= random << 5;
  return random;
}

// Reserved before the lock is let go, so that nobody who counts threads meets a
// P that no thread seems to be on its way for (golang/go#40368).
M* Sched::ReserveM() {
  if (nthreads_.load() >= options_.max_threads || exiting_.load()) {
    return nullptr;
  }
  M* m;
  if (!free_ms_.empty()) {
    m = free_ms_.back();
    free_ms_.pop_back();
  } else {
    const int id = ms_created_.load();
    m = new M(this, id, options_.flight_recorder_events);
    m->random = 0x9e3779b9u * static_cast<uint32_t>(id + 1) | 1;
    allm_[id] = m;
    ms_created_.store(id + 1);
  }
  m->Enter(MState::kStarting);
  nthreads_.fetch_add(1);
  return m;
}

bool Sched::CreateThread(M* m) {
  // The thread itself says who it is: it may have ended, and its slot may be in
  // use again, before pthread_create() returns here.
  pthread_t thread;
  return pthread_create(&thread, nullptr, &Sched::ThreadMain, m) == 0;
}

// No more threads: the P goes to an M that has one, or idles.
void Sched::CreateFailed(M* m) {
  thread_failures_.fetch_add(1);
  lock_.Lock();
  P* p = std::exchange(m->nextp, nullptr);
  const bool spinning = m->spinning.exchange(false);
  LeaveSlot(m);
  // An M may have come to rest meanwhile.
  const Start start = midle_ != nullptr ? StartMLocked(p, spinning)
                                        : PlaceWithoutThread(p, spinning);
  lock_.Unlock();
  FinishStart(CurrentM(), start);
}

// Also of an M that was reserved and got no thread. For this wait EndThreads(),
// and threads that look for a successor: all are woken.
void Sched::LeaveSlot(M* m) {
  m->Enter(MState::kExited);
  nthreads_.fetch_sub(1);
  free_ms_.push_back(m);
  exit_epoch_.fetch_add(1);
  FutexWake(&exit_epoch_, INT_MAX);
}

void* Sched::ThreadMain(void* arg) {
  M* m = static_cast<M*>(arg);
  Sched* sched = m->sched;
  m->tid.store(static_cast<int>(syscall(SYS_gettid)));
  // The slot's last thread has left its M, and ends any moment; it may be the
  // one that created us, and wait to see us.
  if (m->has_thread.exchange(false)) pthread_join(m->thread, nullptr);
  m->thread = pthread_self();
  m->has_thread.store(true);
  SetCurrentM(m);
  char name[16];
  std::snprintf(name, sizeof name, "%.8s-%d", sched->options_.name.c_str(),
                m->id);
  pthread_setname_np(pthread_self(), name);
  m->Enter(MState::kSearching);
  m->futile = true;
  sched->AcquireP(m, std::exchange(m->nextp, nullptr));
  sched->Schedule(m);
  sched->MExit(m);
  return nullptr;
}

void Sched::MExit(M* m) {
  REVEILLE_CHECK(this, m->p() == nullptr && !m->spinning.load(),
                 "I5: an M that ends has no P");
  SetCurrentM(nullptr);
  m->discard_thread = false;
  m->tid.store(0);
  lock_.Lock();
  LeaveSlot(m);
  lock_.Unlock();
  ReplaceThread(m);
}

// The thread that ends makes room for the one that was not to be had, and stays
// until that one has come: it may be the last, and the system may refuse
// another for a while. But not once the M that it left has a thread again,
// which waits for this one to be gone.
void Sched::ReplaceThread(const M* left) {
  while (starved_.load() && !exiting_.load() && npidle_.load() != 0 &&
         SearcherWanted()) {
    const uint32_t epoch = exit_epoch_.load();
    WakeP();
    if (left->tid.load() != 0 || SearcherHasThread()) return;
    FutexWait(&exit_epoch_, epoch, NowNs() + kRetryNs);
  }
}

// Not merely one that is counted and may turn out to get none.
bool Sched::SearcherHasThread() const {
  const int n = ms_created_.load();
  for (int i = 0; i < n; ++i) {
    if (allm_[i]->spinning.load() && allm_[i]->tid.load() != 0) return true;
  }
  return false;
}

void Sched::JoinThreads() {
  const int n = ms_created_.load();
  for (int i = 0; i < n; ++i) {
    M* m = allm_[i];
    if (m->has_thread.exchange(false)) pthread_join(m->thread, nullptr);
  }
}

}  // namespace reveille::internal

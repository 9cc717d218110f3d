#include "reveille/scheduler.h"

#include <sched.h>

#include <cinttypes>
#include <cstdio>
#include <new>
#include <thread>

#include "absl/strings/str_cat.h"
#include "scheduler/check.h"
#include "scheduler/hot_path.h"
#include "scheduler/join_state.h"

namespace reveille {

using internal::CurrentM;
using internal::G;
using internal::M;
using internal::Sched;
using internal::TaskSlot;

namespace {

absl::Status CheckRange(const char* option, int64_t value, int64_t low,
                        int64_t high) {
  if (value >= low && value <= high) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "Options::", option, " = ", value, ", expected ", low, "..", high));
}

absl::Status Validate(const Options& options) {
  absl::Status status =
      CheckRange("procs", options.procs, 0, Options::kMaxProcs);
  status.Update(
      CheckRange("max_threads", options.max_threads, 1, Options::kMaxThreads));
  status.Update(CheckRange("idle_work_limit", options.idle_work_limit, 0,
                           Options::kMaxProcs));
  status.Update(CheckRange("spin_rounds", options.spin_rounds, 0,
                           Options::kMaxSpinRounds));
  const size_t events = options.flight_recorder_events;
  if ((events & (events - 1)) != 0 || events > Options::kMaxFlightEvents) {
    status.Update(absl::InvalidArgumentError(absl::StrCat(
        "Options::flight_recorder_events = ", events,
        ", expected 0 or a power of two up to ", Options::kMaxFlightEvents)));
  }
  return status;
}

int UsableProcessors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

int64_t ToNs(Deadline deadline) {
  if (deadline == kNoDeadline) return -1;
  const int64_t ns = std::chrono::duration_cast<std::chrono::nanoseconds>(
                         deadline.time_since_epoch())
                         .count();
  return std::max<int64_t>(ns, 0);
}

bool InsideTaskOf(const M* m, const Sched* sched) {
  return m != nullptr && m->sched == sched && m->curg != nullptr;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Scheduler>> Scheduler::Create(
    const Options& options) {
  if (absl::Status status = Validate(options); !status.ok()) return status;
  Options filled = options;
  if (filled.procs == 0) filled.procs = UsableProcessors();
  auto sched = std::make_unique<Sched>(filled);
  if (absl::Status status = sched->Begin(); !status.ok()) return status;
  return std::unique_ptr<Scheduler>(new Scheduler(std::move(sched)));
}

Scheduler::Scheduler(std::unique_ptr<Sched> sched) : sched_(std::move(sched)) {}

Scheduler::~Scheduler() {
  REVEILLE_CHECK(sched_.get(), !InsideTaskOf(CurrentM(), sched_.get()),
                 "a scheduler is destroyed by one of its tasks");
  Shutdown();
}

// Counted first, then the look whether we are closing; Shutdown() does the two
// in the opposite order. So either it waits for this task, or we refuse it.
TaskSlot* Scheduler::NewTask(Sched* sched, M* m, TaskOptions options) {
  sched->CountSpawned(m, 1);
  if (!sched->AcceptsFrom(m)) {
    sched->CountReturned(1);
    return nullptr;
  }
  return NewRecord(sched, m, options);
}

TaskSlot* Scheduler::NewRecord(Sched* sched, M* m, TaskOptions options) {
  G* g = sched->NewG(m);
  if (options.name != nullptr) {
    g->extended = true;
    g->name.store(options.name);
  }
  g->idle_priority = options.idle_priority;
  return g;
}

absl::Status Scheduler::Refused() {
  return absl::FailedPreconditionError("Spawn: the scheduler shuts down");
}

void Scheduler::FillCoroutine(TaskSlot* slot, Task<void>::Handle root) {
  G* g = static_cast<G*>(slot);
  g->coroutine = true;
  g->extended = true;
  g->root = root;
  g->resume = root;
}

void Scheduler::Submit(Sched* sched, M* m, TaskSlot* slot) {
  sched->Submit(m, static_cast<G*>(slot));
}

void Scheduler::Discard(Sched* sched, TaskSlot* slot, bool counted) {
  sched->ReturnUnused(static_cast<G*>(slot));
  if (counted) sched->CountReturned(1);
}

JoinHandle Scheduler::MakeJoinable(TaskSlot* slot) {
  G* g = static_cast<G*>(slot);
  g->extended = true;
  g->join = new internal::JoinState(g);
  return JoinHandle(g->join);
}

absl::Status Scheduler::Drain(Deadline deadline) {
  return sched_->Drain(ToNs(deadline));
}

Scheduler::ShutdownReport Scheduler::Shutdown(Deadline deadline) {
  REVEILLE_CHECK(sched_.get(), !InsideTaskOf(CurrentM(), sched_.get()),
                 "Shutdown() from a task of the scheduler");
  return sched_->Shutdown(ToNs(deadline));
}

absl::Status Scheduler::SetMaxProcs(int procs) {
  return sched_->SetMaxProcs(procs);
}

int Scheduler::procs() const { return sched_->procs(); }
int Scheduler::CloseFd(int fd) { return sched_->CloseFd(fd); }
void Scheduler::ReleaseMemory() { sched_->ReleaseMemory(); }
Stats Scheduler::GetStats() const { return sched_->GetStats(); }

std::string Scheduler::SchedTrace(bool detailed) const {
  return sched_->Trace(detailed);
}

void Scheduler::EnableFlightRecorder(bool on) {
  sched_->EnableFlightRecorder(on);
}

std::string Scheduler::DumpFlightRecorder() const {
  return sched_->DumpFlightRecorder();
}

uint64_t Scheduler::CurrentTaskId() {
  const M* m = CurrentM();
  return m == nullptr || m->curg == nullptr ? 0 : m->sched->IdOf(m->curg);
}

const char* Scheduler::CurrentTaskName() {
  const M* m = CurrentM();
  return m == nullptr || m->curg == nullptr ? "" : internal::NameOf(m->curg);
}

// --- Batch -------------------------------------------------------------------

Batch::Batch(Scheduler* scheduler) : sched_(scheduler->sched_.get()) {}

Batch::~Batch() { Clear(); }

void Batch::Clear() {
  while (head_ != nullptr) {
    G* g = std::exchange(head_, head_->schedlink);
    if (g->coroutine) {
      g->root.destroy();
    } else {
      g->invoke(g, internal::TaskVerb::kDestroy);
    }
    sched_->ReturnUnused(g);
  }
  tail_ = nullptr;
  size_ = 0;
}

void Batch::Append(TaskSlot* slot) {
  G* g = static_cast<G*>(slot);
  g->schedlink = nullptr;
  (tail_ == nullptr ? head_ : tail_->schedlink) = g;
  tail_ = g;
  ++size_;
}

absl::Status Batch::Spawn() {
  M* m = CurrentM();
  const auto n = static_cast<uint32_t>(size_);
  sched_->CountSpawned(m, n);
  if (!sched_->AcceptsFrom(m)) {
    Clear();
    sched_->CountReturned(n);
    return Scheduler::Refused();
  }
  internal::GList list;
  while (head_ != nullptr) {
    list.PushBack(std::exchange(head_, head_->schedlink));
  }
  tail_ = nullptr;
  size_ = 0;
  sched_->SubmitList(&list);
  return absl::OkStatus();
}

// --- JoinHandle --------------------------------------------------------------

JoinHandle::JoinHandle(const JoinHandle& other) : state_(other.state_) {
  if (state_ != nullptr) state_->Ref();
}

JoinHandle::JoinHandle(JoinHandle&& other) noexcept
    : state_(std::exchange(other.state_, nullptr)) {}

JoinHandle& JoinHandle::operator=(JoinHandle other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

JoinHandle::~JoinHandle() {
  if (state_ != nullptr) state_->Unref();
}

JoinHandle::Operation JoinHandle::Join(Deadline deadline) {
  REVEILLE_CHECK(nullptr, state_ != nullptr, "Join() of an empty JoinHandle");
  return {state_, deadline};
}

bool JoinHandle::Operation::TryNow() { return state_->Done(); }
void JoinHandle::Operation::Register() { state_->AddWaiter(waiter()); }
void JoinHandle::Operation::Unregister() { state_->RemoveWaiter(waiter()); }

bool JoinHandle::Done() const { return state_ == nullptr || state_->Done(); }
void JoinHandle::Cancel() {
  if (state_ != nullptr) state_->Cancel();
}

// --- ThreadLock --------------------------------------------------------------

ThreadLock::ThreadLock() : locked_(false) {
  M* m = CurrentM();
  if (m == nullptr || m->curg == nullptr) return;
  locked_ = true;
  ++m->curg->lock_count;
  m->lockedg = m->curg;
  m->curg->LockTo(m);
}

ThreadLock::~ThreadLock() {
  if (!locked_) return;
  M* m = CurrentM();
  if (--m->curg->lock_count != 0 || m->discard_thread) return;
  m->curg->LockTo(nullptr);
  m->lockedg = nullptr;
}

void ThreadLock::DiscardThread() {
  if (locked_) CurrentM()->discard_thread = true;
}

namespace internal {

void Sched::ReturnUnused(G* g) {
  if (g->join != nullptr) std::exchange(g->join, nullptr)->TaskEnded();
  if (g->extended) CleanUp(g);
  g->idle_priority = false;
  Shard* shard = CurrentShard();
  MutexLock lock(&shard->mutex);
  PutFree(&shard->gfree, g);
}

int Sched::CloseFd(int fd) {
  GList woken;
  uint32_t delta = 0;
  const int error = netpoll_.Close(fd, &woken, &delta);
  InjectGList(&woken);
  netpoll_.waiters.fetch_sub(delta);
  return error;
}

// An exception has left a task.
void Sched::Fail(G* g, std::exception_ptr exception) {
  if (options_.on_exception != nullptr) {
    options_.on_exception({NameOf(g), IdOf(g), exception});
    return;
  }
  std::fprintf(stderr,
               "reveille: an exception left task %" PRIu64
               " \"%s\", and "
               "Options::on_exception is not set\n",
               IdOf(g), NameOf(g));
  // Ends the process in the usual way, with the exception's own message.
  [&]() noexcept { std::rethrow_exception(exception); }();
  std::abort();
}

void RootCoroutineEnded() { CurrentM()->after = After::kEnded; }

}  // namespace internal
}  // namespace reveille

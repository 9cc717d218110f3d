#include "reveille/wait.h"

#include <errno.h>

#include <algorithm>

#include "scheduler/check.h"
#include "scheduler/hot_path.h"
#include "scheduler/park.h"

namespace reveille {

using internal::CurrentM;
using internal::G;
using internal::M;
using internal::Note;
using internal::ParkOperationAccess;

const char* ToString(Wake wake) {
  switch (wake) {
    case Wake::kReady:
      return "ready";
    case Wake::kTimedOut:
      return "timed out";
    case Wake::kCancelled:
      return "cancelled";
    case Wake::kClosed:
      return "closed";
    case Wake::kBusy:
      return "busy";
    case Wake::kFailed:
      return "failed";
  }
  return "?";
}

namespace internal {
namespace {

int64_t ToNs(Deadline deadline) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             deadline.time_since_epoch())
      .count();
}

}  // namespace

bool Waiter::Claim(Wake wake, Claimed* out) {
  // Read before the exchange: afterwards, a parker that had not committed yet
  // may go on and destroy this object.
  G* const g = g_;
  Note* const note = note_;
  uint32_t state = state_.load();
  do {
    if (state != kRegistering && state != kParked) return false;
  } while (!state_.compare_exchange_weak(state, static_cast<uint32_t>(wake)));
  if (state == kParked) *out = Claimed{g, note};
  return true;
}

Wake Waiter::result() const { return static_cast<Wake>(state_.load() & 0xff); }

void Waiter::Claimed::Deliver() const {
  if (g != nullptr) {
    g->sched->Ready(g);
  } else if (note != nullptr) {
    note->Wake();
  }
}

}  // namespace internal

WaitOperation::~WaitOperation() = default;

// The G's own timer heap belongs to its scheduler; a thread outside waits on
// its note with a deadline and needs none.
void WaitOperation::FireDeadline(internal::TimerNode* node, void* fired_list) {
  auto* operation = static_cast<DeadlineNode*>(node)->operation;
  internal::Waiter::Claimed claimed;
  if (operation->waiter_.Claim(Wake::kTimedOut, &claimed) &&
      claimed.g != nullptr) {
    static_cast<internal::GList*>(fired_list)->PushBack(claimed.g);
  }
}

void WaitOperation::Arm() {
  registered_ = true;
  Register();
  M* m = CurrentM();
  if (m == nullptr || m->curg == nullptr) return;
  G* g = m->curg;
  cancel_ = &g->cancel;
  if (!cancel_->Set(&waiter_)) {
    cancel_ = nullptr;
    internal::Waiter::Claimed claimed;
    waiter_.Claim(Wake::kCancelled, &claimed);
  }
  if (deadline_ != kNoDeadline) {
    timer_.operation = this;
    timer_.fire = &FireDeadline;
    g->sched->AddTimer(&timer_, internal::ToNs(deadline_));
  }
}

// From here on no waker can touch the waiter.
void WaitOperation::Disarm() {
  if (!registered_) return;
  registered_ = false;
  if (deadline_ != kNoDeadline) internal::TimerHeap::Remove(&timer_);
  if (cancel_ != nullptr) cancel_->Clear();
  Unregister();
}

bool WaitOperation::await_suspend(std::coroutine_handle<> handle) {
  M* m = CurrentM();
  REVEILLE_CHECK(nullptr, m != nullptr && m->curg != nullptr,
                 "co_await on a thread that is no worker");
  G* g = m->curg;
  g->resume = handle;
  g->parked_in = this;
  ParkOperationAccess::SetG(&waiter_, g);
  Arm();
  if (ParkOperationAccess::Claimed(waiter_)) return false;
  m->parking = &waiter_;
  m->after = internal::After::kPark;
  return true;
}

Wake WaitOperation::await_resume() {
  if (!registered_) return now_;
  CurrentM()->curg->parked_in = nullptr;
  Disarm();
  return waiter_.result();
}

Wake WaitOperation::Block() {
  if (TryNow()) return now_;
  M* m = CurrentM();
  if (m != nullptr && m->curg != nullptr) {
    REVEILLE_CHECK(m->sched, m->p() != nullptr,
                   "a wait inside a BlockingSection");
    ParkOperationAccess::SetG(&waiter_, m->curg);
    Arm();
    m->sched->BlockOnThread(m, &waiter_);
    Disarm();
    return waiter_.result();
  }
  Note note;
  ParkOperationAccess::SetNote(&waiter_, &note);
  Arm();
  if (ParkOperationAccess::Commit(&waiter_)) {
    // A deadline before the clock's epoch is past, not absent.
    const int64_t until = deadline_ == kNoDeadline
                              ? -1
                              : std::max<int64_t>(internal::ToNs(deadline_), 0);
    internal::Waiter::Claimed claimed;
    if (!note.SleepUntil(until) && !waiter_.Claim(Wake::kTimedOut, &claimed)) {
      note.Sleep();  // Claimed at the last moment: its Wake() is on the way.
    }
  }
  Disarm();
  return waiter_.result();
}

// --- Sleep -------------------------------------------------------------------

bool SleepOperation::TryNow() {
  M* m = CurrentM();
  if (m != nullptr && m->curg != nullptr && m->curg->cancel.cancelled()) {
    SetResult(Wake::kCancelled);
    return true;
  }
  SetResult(Wake::kTimedOut);
  return deadline() <= Clock::now();
}

SleepOperation SleepUntil(Deadline until) { return SleepOperation(until); }

SleepOperation SleepFor(std::chrono::nanoseconds duration) {
  const Deadline now = Clock::now();
  // A duration such as hours::max() must not wrap around into the past.
  const bool fits = duration < kNoDeadline - now;
  return SleepOperation(fits ? now + duration : kNoDeadline);
}

// --- Descriptors -------------------------------------------------------------

bool FdOperation::TryNow() {
  M* m = CurrentM();
  if (m == nullptr || m->curg == nullptr) {
    error_ = EINVAL;
    SetResult(Wake::kFailed);
    return true;
  }
  sched_ = m->sched;
  return false;
}

void FdOperation::Register() {
  error_ = sched_->netpoll().Block(fd_, direction_, waiter());
  if (error_ == 0) {
    armed_ = true;
    sched_->NetpollWaiterAdded();
    return;
  }
  internal::Waiter::Claimed claimed;
  waiter()->Claim(error_ == EBUSY ? Wake::kBusy : Wake::kFailed, &claimed);
}

void FdOperation::Unregister() {
  if (armed_) sched_->netpoll().Unblock(fd_, direction_, waiter());
}

FdOperation WaitReadable(int fd, Deadline deadline) {
  return FdOperation(fd, FdOperation::Direction::kRead, deadline);
}

FdOperation WaitWritable(int fd, Deadline deadline) {
  return FdOperation(fd, FdOperation::Direction::kWrite, deadline);
}

// --- Yield -------------------------------------------------------------------

YieldOperation Yield() { return YieldOperation(); }

bool YieldOperation::await_suspend(std::coroutine_handle<> handle) {
  M* m = CurrentM();
  REVEILLE_CHECK(nullptr, m != nullptr && m->curg != nullptr,
                 "co_await on a thread that is no worker");
  m->curg->resume = handle;
  m->after = internal::After::kYield;
  return true;
}

void YieldOperation::Block() {
  M* m = CurrentM();
  if (m != nullptr && m->curg != nullptr && m->p() != nullptr) {
    m->sched->YieldOnThread(m);
  } else {
    sched_yield();
  }
}

bool PreemptRequested() {
  M* m = CurrentM();
  if (m == nullptr || m->p() == nullptr) return false;
  // order: relaxed; a request, and it may be seen late [W9].
  return m->p()->preempt.load(std::memory_order_relaxed);
}

}  // namespace reveille

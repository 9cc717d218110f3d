// How threads wait, and how they stop waiting.
#include "execution.h"

namespace reveille::explore {

bool IsWoken(const Fiber& fiber) { return fiber.waiting.woken; }

bool AwaitsWakeup(const Fiber& fiber, uintptr_t object) {
  return fiber.waiting.ready == &IsWoken && !fiber.waiting.woken &&
         !fiber.waiting.timed_out && PendingOf(&fiber).object == object;
}

uint64_t AwaitingWakeup(uintptr_t object) {
  Execution& x = g_execution;
  uint64_t found = 0;
  for (uint64_t rest = x.waiting; rest != 0; rest &= rest - 1) {
    const Fiber& fiber = x.fibers[__builtin_ctzll(rest)];
    if (AwaitsWakeup(fiber, object)) found |= fiber.bit;
  }
  return found;
}

namespace {

// The first stage of a two-stage wait is over, by wakeup or by the clock.
void EnterSecondStage(Fiber* fiber) {
  Waiting& waiting = fiber->waiting;
  if (waiting.then_ready == nullptr) return;
  waiting.ready = waiting.then_ready;
  waiting.then_ready = nullptr;
  waiting.timeout_ends = false;
  PendingEvent& event = PendingOf(fiber);
  event.object = waiting.then_object;
  event.kind = Kind::kLock;
}

bool CanRun(const Fiber& fiber) {
  const Waiting& waiting = fiber.waiting;
  if (waiting.ready == nullptr || waiting.ready(fiber)) return true;
  return waiting.timed_out && waiting.timeout_ends;
}

void StopWaiting(Fiber* self) {
  g_execution.waiting &= ~self->bit;
  self->waiting.ready = nullptr;
  self->waiting.deadline = 0;
}

void NoteBlocked() {
  if (g_execution.history != nullptr) g_execution.history->Blocked();
}

}  // namespace

void Reconsider(Fiber* fiber) {
  Execution& x = g_execution;
  if ((x.spinning & fiber->bit) != 0) return;
  if (CanRun(*fiber)) {
    x.enabled |= fiber->bit;
  } else {
    x.enabled &= ~fiber->bit;
  }
}

bool PointWhen(Fiber* self, Kind kind, uintptr_t object, uintptr_t pc,
               Ready ready, uint64_t deadline) {
  Execution& x = g_execution;
  Announce(self, kind, object, pc);
  Waiting& waiting = self->waiting;
  waiting.ready = ready;
  waiting.then_ready = nullptr;
  waiting.timed_out = false;
  waiting.timeout_ends = true;
  x.waiting |= self->bit;
  // Also when there is nothing to wait for yet: others may be faster.
  SetDeadline(self, deadline);
  const bool blocked = !ready(*self);
  if (blocked) x.enabled &= ~self->bit;
  if (x.enabled != self->bit) Dispatch(self);
  const bool possible = ready(*self);
  StopWaiting(self);
  Commit(self);
  if (blocked) NoteBlocked();
  return possible;
}

bool Suspend(Fiber* self) {
  Execution& x = g_execution;
  x.waiting |= self->bit;
  self->waiting.timeout_ends = true;
  NoteBlocked();
  Reconsider(self);
  Dispatch(self);
  StopWaiting(self);
  return !self->waiting.timed_out;
}

void ObjectChanged(uintptr_t object) {
  Execution& x = g_execution;
  for (uint64_t rest = x.waiting; rest != 0; rest &= rest - 1) {
    Fiber* fiber = &x.fibers[__builtin_ctzll(rest)];
    if (PendingOf(fiber).object != object) continue;
    const bool before = (x.enabled & fiber->bit) != 0;
    Reconsider(fiber);
    const bool after = (x.enabled & fiber->bit) != 0;
    if (!after || before) continue;
    if (x.clock_fires) fiber->clock_driven = true;
    if (!fiber->clock_driven) ++x.progress;
  }
  if (x.spinning != 0) ReleaseSpinners(object);
}

Fiber* WakeOneOf(uint64_t candidates) {
  Execution& x = g_execution;
  const uint32_t count =
      static_cast<uint32_t>(__builtin_popcountll(candidates));
  Fiber* fiber = &x.fibers[ThreadAt(candidates, Choose(Tag::kWaiter, count))];
  Wake(fiber);
  return fiber;
}

void Wake(Fiber* fiber) {
  Execution& x = g_execution;
  fiber->waiting.woken = true;
  fiber->waiting.deadline = 0;
  fiber->clock_driven = false;
  ++x.progress;
  if (x.history != nullptr) x.history->Reached(fiber->id);
  EnterSecondStage(fiber);
  Reconsider(fiber);
}

void TimeOut(Fiber* fiber) {
  fiber->waiting.timed_out = true;
  fiber->waiting.deadline = 0;
  fiber->clock_driven = true;
  EnterSecondStage(fiber);
  Reconsider(fiber);
}

}  // namespace reveille::explore

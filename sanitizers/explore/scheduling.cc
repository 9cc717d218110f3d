// Who runs next.
#include "execution.h"

namespace reveille::explore {
namespace {

constexpr uint64_t kClockBit = uint64_t{1} << kClockThread;

uint32_t Decide(const ChoicePoint& at) {
  return g_execution.strategy->Choose(at);
}

void Record(Tag tag, uint32_t value) {
  Choice choice;
  choice.tag = static_cast<uint32_t>(tag);
  choice.value = value;
  if (!g_execution.choices.Push(choice)) {
    End(Verdict::kTooMany, "more than %zu choices in one execution",
        g_execution.choices.capacity());
  }
}

int ChooseThread(uint64_t threads) {
  Execution& x = g_execution;
  const ChoicePoint at = {Tag::kThread, x.running->id,
                          static_cast<uint32_t>(__builtin_popcountll(threads)),
                          threads, x.pending};
  const int thread = ThreadAt(threads, Decide(at));
  Record(Tag::kThread, static_cast<uint32_t>(thread));
  return thread;
}

// The next one after the running thread, so that everybody's turn comes.
int RoundRobin(uint64_t threads) {
  threads &= ~kClockBit;
  const uint64_t later = threads & ~((g_execution.running->bit << 1) - 1);
  return __builtin_ctzll(later != 0 ? later : threads);
}

// Whether the burning spinner is still inside its loop.
bool StillBurning() {
  Execution& x = g_execution;
  Fiber* fiber = x.burning;
  const PendingEvent& event = PendingOf(fiber);
  const bool inside = (x.enabled & fiber->bit) != 0 &&
                      fiber->spin.MayLookFrom(Stable(event.pc)) &&
                      fiber->spin.MayLookAt(Stable(event.object));
  if (!inside) x.burning = nullptr;
  return inside;
}

Fiber* PickThread() {
  Execution& x = g_execution;
  for (;;) {
    if (x.burning != nullptr && StillBurning()) return x.burning;
    const uint64_t threads = x.enabled;
    if ((threads & ~kClockBit) == 0) [[unlikely]] {
      AtQuiescence();
      continue;
    }
    int thread;
    if ((threads & (threads - 1)) == 0) {
      thread = __builtin_ctzll(threads);
    } else if (x.fair) [[unlikely]] {
      thread = RoundRobin(threads);
    } else {
      thread = ChooseThread(threads);
    }
    if (thread != kClockThread) [[likely]]
      return &x.fibers[thread];
    FireEarlyTimer();
  }
}

// A held spinner whose next operation lies outside the loop spins no more.
void LetGoIfOutside(Fiber* self) {
  Execution& x = g_execution;
  const PendingEvent& event = PendingOf(self);
  if (self->spin.MayLookFrom(Stable(event.pc)) &&
      self->spin.MayLookAt(Stable(event.object))) {
    return;
  }
  x.spinning &= ~self->bit;
  self->spin.Forget();
  Reconsider(self);
}

void Hold(Fiber* self) {
  Execution& x = g_execution;
  x.enabled &= ~self->bit;
  x.spinning |= self->bit;
  ++PendingOf(self).held;
}

void StartBurning(Fiber* self) {
  self->spin.rounds = 0;
  g_execution.burning = self;
}

}  // namespace

void Dispatch(Fiber* self) {
  Execution& x = g_execution;
  if ((x.spinning & self->bit) != 0) [[unlikely]]
    LetGoIfOutside(self);
  Fiber* next = PickThread();
  if (next == self) return;
  x.running = next;
  if (x.states.counters != nullptr) [[unlikely]]
    CoverState();
  SwitchStack(&self->stack_pointer, next->stack_pointer, next->fs_base);
}

void DispatchAway(Fiber* self) {
  Fiber* next = PickThread();
  g_execution.running = next;
  SwitchStack(&self->stack_pointer, next->stack_pointer, next->fs_base);
  __builtin_trap();
}

uint32_t Choose(Tag tag, uint32_t count) {
  Execution& x = g_execution;
  if (count <= 1) return 0;
  const ChoicePoint at = {tag, x.running->id, count, 0, x.pending};
  const uint32_t option = Decide(at);
  Record(tag, option);
  return option;
}

namespace {

bool ChooseToBurn(const Fiber* self) {
  Execution& x = g_execution;
  const ChoicePoint at = {Tag::kSpin, self->id,
                          2,          0,
                          x.pending,  x.endless.Contains(self->spin.place())};
  const uint32_t option = Decide(at);
  Record(Tag::kSpin, option);
  return option == 1;
}

}  // namespace

void SpinRepeated(Fiber* self) {
  Execution& x = g_execution;
  if (x.burning == self) {
    // Rounds have a bound of their own and do not use up the steps.
    x.spin_steps += self->spin.round_length();
    x.next_check += self->spin.round_length();
    if (++self->spin.rounds < x.limits.spin_rounds) return;
    self->spin.endless = true;
    x.endless.Add(self->spin.place());
    x.burning = nullptr;
    Hold(self);
    return;
  }
  const bool others = (x.enabled & ~self->bit & ~kClockBit) != 0;
  if (!self->spin.endless && others && !x.fair && ChooseToBurn(self)) {
    StartBurning(self);
  } else {
    Hold(self);
  }
}

void ReleaseSpinners(uintptr_t object) {
  Execution& x = g_execution;
  for (uint64_t rest = x.spinning; rest != 0; rest &= rest - 1) {
    Fiber* fiber = &x.fibers[__builtin_ctzll(rest)];
    if (!fiber->spin.MayLookAt(Stable(object))) continue;
    x.spinning &= ~fiber->bit;
    fiber->spin.Forget();
    if (!fiber->clock_driven) ++x.progress;
    Reconsider(fiber);
  }
}

void ReleaseAllSpinners() {
  Execution& x = g_execution;
  for (uint64_t rest = x.spinning; rest != 0; rest &= rest - 1) {
    Fiber* fiber = &x.fibers[__builtin_ctzll(rest)];
    x.spinning &= ~fiber->bit;
    fiber->spin.Forget();
    Reconsider(fiber);
  }
}

bool LetSpinnerOut() {
  Execution& x = g_execution;
  for (uint64_t rest = x.spinning; rest != 0; rest &= rest - 1) {
    Fiber* fiber = &x.fibers[__builtin_ctzll(rest)];
    if (fiber->spin.endless) continue;
    x.spinning &= ~fiber->bit;
    StartBurning(fiber);
    Reconsider(fiber);
    return true;
  }
  return false;
}

}  // namespace reveille::explore

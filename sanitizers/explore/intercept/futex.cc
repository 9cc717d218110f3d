#include "futex.h"

#include <errno.h>
#include <linux/futex.h>

#include "../virtual_time.h"
#include "intercept.h"

namespace reveille::explore {
namespace {

bool IsSpurious() {
  Execution& x = g_execution;
  if (x.spurious_left == 0 || Choose(Tag::kSpurious, 2) == 0) return false;
  --x.spurious_left;
  return true;
}

// 0 for none. FUTEX_WAIT takes a span, FUTEX_WAIT_BITSET a point in time.
uint64_t DeadlineOf(const FutexCall& call) {
  if (call.timeout == 0) return 0;
  const timespec& time = *reinterpret_cast<const timespec*>(call.timeout);
  if ((call.operation & FUTEX_CMD_MASK) == FUTEX_WAIT) {
    return DeadlineAfter(time);
  }
  const bool realtime = (call.operation & FUTEX_CLOCK_REALTIME) != 0;
  return DeadlineAt(realtime ? CLOCK_REALTIME : CLOCK_MONOTONIC, time);
}

long WaitOn(Fiber* self, const FutexCall& call, uint32_t bits, uintptr_t pc) {
  if (bits == 0) return -EINVAL;
  Point(self, Kind::kFutexWait, AddressOf(call.word), pc);
  const uint32_t value = *static_cast<volatile uint32_t*>(call.word);
  Saw(self, value);
  if (value != call.value) {
    NoteFailure();
    return -EAGAIN;
  }
  if (IsSpurious()) return 0;
  Waiting& waiting = self->waiting;
  waiting.ready = &IsWoken;
  waiting.then_ready = nullptr;
  waiting.argument = bits;
  waiting.woken = false;
  waiting.timed_out = false;
  SetDeadline(self, DeadlineOf(call));
  self->spin.Forget();
  if (Suspend(self)) return 0;
  NoteFailure();
  return -ETIMEDOUT;
}

uint64_t WaitersWith(uintptr_t object, uint32_t bits) {
  uint64_t waiters = AwaitingWakeup(object);
  for (uint64_t rest = waiters; rest != 0; rest &= rest - 1) {
    const Fiber& fiber = g_execution.fibers[__builtin_ctzll(rest)];
    if ((fiber.waiting.argument & bits) == 0) waiters &= ~fiber.bit;
  }
  return waiters;
}

// At most `count`, chosen by the strategy where not all are meant.
long WakeSome(uintptr_t object, uint32_t count, uint32_t bits) {
  long woken = 0;
  while (static_cast<uint32_t>(woken) < count) {
    const uint64_t waiters = WaitersWith(object, bits);
    if (waiters == 0) break;
    if (static_cast<uint32_t>(__builtin_popcountll(waiters)) <= count - woken) {
      Wake(&g_execution.fibers[__builtin_ctzll(waiters)]);
    } else {
      WakeOneOf(waiters);
    }
    ++woken;
  }
  return woken;
}

long WakeOn(Fiber* self, const FutexCall& call, uint32_t bits, uintptr_t pc) {
  if (bits == 0) return -EINVAL;
  Point(self, Kind::kFutexWake, AddressOf(call.word), pc);
  self->spin.Forget();
  return WakeSome(AddressOf(call.word), call.value, bits);
}

long Requeue(Fiber* self, const FutexCall& call, bool compare, uintptr_t pc) {
  Point(self, Kind::kFutexWake, AddressOf(call.word), pc);
  self->spin.Forget();
  const uint32_t seen = *static_cast<volatile uint32_t*>(call.word);
  if (compare && seen != call.third_value) return -EAGAIN;
  const uintptr_t from = AddressOf(call.word);
  const uintptr_t to = AddressOf(call.second_word);
  long done = WakeSome(from, call.value, FUTEX_BITSET_MATCH_ANY);
  uint64_t rest = AwaitingWakeup(from);
  for (long moved = 0; rest != 0 && moved < call.timeout; ++moved) {
    g_execution.pending[__builtin_ctzll(rest)].object = to;
    rest &= rest - 1;
    ++done;
  }
  return done;
}

uint32_t Operate(int operation, uint32_t old, uint32_t argument) {
  switch (operation) {
    case FUTEX_OP_SET:
      return argument;
    case FUTEX_OP_ADD:
      return old + argument;
    case FUTEX_OP_OR:
      return old | argument;
    case FUTEX_OP_ANDN:
      return old & ~argument;
    default:
      return old ^ argument;
  }
}

bool Compare(int comparison, int32_t old, int32_t argument) {
  switch (comparison) {
    case FUTEX_OP_CMP_EQ:
      return old == argument;
    case FUTEX_OP_CMP_NE:
      return old != argument;
    case FUTEX_OP_CMP_LT:
      return old < argument;
    case FUTEX_OP_CMP_LE:
      return old <= argument;
    case FUTEX_OP_CMP_GT:
      return old > argument;
    default:
      return old >= argument;
  }
}

// The second word is changed, and both are woken; see futex(2).
long WakeOperation(Fiber* self, const FutexCall& call, uintptr_t pc) {
  Point(self, Kind::kFutexWake, AddressOf(call.second_word), pc);
  const uint32_t code = call.third_value;
  uint32_t argument = (code >> 12) & 0xfff;
  if ((code >> 28 & FUTEX_OP_OPARG_SHIFT) != 0) argument = 1u << argument;
  const uint32_t old = *static_cast<volatile uint32_t*>(call.second_word);
  const uint32_t now = Operate(static_cast<int>(code >> 28 & 7), old, argument);
  *call.second_word = now;
  Changed(self, old, now);
  long woken =
      WakeSome(AddressOf(call.word), call.value, FUTEX_BITSET_MATCH_ANY);
  if (Compare(static_cast<int>(code >> 24 & 15), static_cast<int32_t>(old),
              static_cast<int32_t>(code & 0xfff))) {
    woken +=
        WakeSome(AddressOf(call.second_word),
                 static_cast<uint32_t>(call.timeout), FUTEX_BITSET_MATCH_ANY);
  }
  return woken;
}

}  // namespace

long Futex(Fiber* self, const FutexCall& call, uintptr_t pc) {
  switch (call.operation & FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
      return WaitOn(self, call, FUTEX_BITSET_MATCH_ANY, pc);
    case FUTEX_WAIT_BITSET:
      return WaitOn(self, call, call.third_value, pc);
    case FUTEX_WAKE:
      return WakeOn(self, call, FUTEX_BITSET_MATCH_ANY, pc);
    case FUTEX_WAKE_BITSET:
      return WakeOn(self, call, call.third_value, pc);
    case FUTEX_REQUEUE:
      return Requeue(self, call, false, pc);
    case FUTEX_CMP_REQUEUE:
      return Requeue(self, call, true, pc);
    case FUTEX_WAKE_OP:
      return WakeOperation(self, call, pc);
    default:
      Refuse("this futex operation (priority inheritance or newer)");
  }
}

}  // namespace reveille::explore

// One execution: the threads of the code under test, who of them may run, what
// they wait for, and the virtual time they live in.
//
// Everything here runs on the one kernel thread that explores, on the stack of
// the running fiber or (before the first and after the last) of the driver.
//
//   I1  One fiber runs; between two Point() calls it does nothing that another
//       thread could notice, except the operation the first announced.
//   I2  A thread is in `enabled` exactly when its pending operation could be
//       done now: it is alive, not held as a spinner, and does not wait or its
//       ready() holds. Whoever changes an object calls ObjectChanged().
//   I3  Every decision is made by Choose(), or is a function of the decisions
//       before it.
#ifndef REVEILLE_SANITIZERS_EXPLORE_EXECUTION_H_
#define REVEILLE_SANITIZERS_EXPLORE_EXECUTION_H_

#include <stdint.h>

#include "buffer.h"
#include "coverage.h"
#include "execution_limits.h"
#include "fiber.h"
#include "history.h"
#include "objects.h"
#include "oracle.h"
#include "strategy.h"
#include "verdict.h"

namespace reveille::explore {

struct Execution {
  // --- who may run
  uint64_t enabled = 0;
  uint64_t alive = 0;
  uint64_t occupied = 0;   // thread numbers that are not free for new threads
  uint64_t ever_used = 0;  // thread numbers that this execution has used
  uint64_t waiting = 0;    // threads with waiting.ready set
  uint64_t spinning = 0;   // held back until what they look at changes
  Fiber* running = nullptr;
  Fiber* burning = nullptr;  // spins itself out, not to be interrupted
  EndlessSpins endless;      // outlives the execution

  // --- what happened
  uint64_t steps = 0;
  uint64_t next_check = 0;  // steps at which OnManySteps() wants to be called
  uint64_t spin_steps = 0;  // of them, by threads that spun themselves out
  uint64_t hash = 0;
  uint64_t progress = 0;  // things that happened for a reason, not by the clock
  bool fair = false;      // in the fair suffix
  History* history = nullptr;
  Coverage reads;           // pairs of writing and reading places
  Coverage meetings;        // pairs of places at which threads met on an object
  Coverage states;          // pairs of states of the code under test
  uintptr_t code_base = 0;  // where the program was loaded
  Objects objects;

  // --- time
  uint64_t now = 0;
  int early_timers_left = 0;
  uint64_t early_nanoseconds = 0;  // leapt while somebody could run
  int spurious_left = 0;
  uint64_t idle_leaps = 0;  // leaps since something happened for a reason
  uint64_t idle_since = 0;  // virtual time of the first of them
  uint64_t progress_at_leap = 0;
  bool clock_fires = false;  // objects change because time has come

  // --- choices
  Strategy* strategy = nullptr;
  Buffer<Choice> choices;
  ExecutionLimits limits;

  // --- the outside
  Ledger ledger;
  Oracle* oracle = nullptr;
  void* driver_stack = nullptr;
  uintptr_t driver_fs_base = 0;
  Outcome outcome;
  void (*at_end)() = nullptr;  // called before the state is cleaned up
  uint32_t serial = 0;         // counts executions in this process

  // The FS base of whoever runs now.
  uintptr_t OwnFsBase() const {
    return running == nullptr ? driver_fs_base : running->fs_base;
  }

  PendingEvent pending[kMaxThreads + 1];
  Fiber fibers[kMaxThreads];
};

extern constinit Execution g_execution;

// The fiber that this kernel thread runs; null on every other thread and
// outside executions. Lives in the TLS of the fiber's donor.
extern __thread Fiber* t_fiber __attribute__((tls_model("initial-exec")));

inline Fiber* Self() { return t_fiber; }

inline PendingEvent& PendingOf(const Fiber* fiber) {
  return g_execution.pending[fiber->id];
}

// Arena and stacks have their places (arena.h, fiber.cc), wherever the loader
// puts program, libraries and heap.
inline bool IsStable(uint64_t address) {
  const uint64_t region = address >> 44;
  return region < 3 || region > 7;
}

// What stays of an address, or of a value that may be one: of the program it is
// counted from its beginning, and of the rest only the offset in the page
// stands. Everything that decides anything must be made of this.
inline uint64_t Stable(uint64_t address) {
  if (IsStable(address)) return address;
  const uint64_t offset = address - g_execution.code_base;
  return offset < (uint64_t{1} << 32) ? offset : address & 0xfff;
}

// --- scheduling.cc

// Gives the kernel thread to whoever the strategy wants; returns when `self`
// is the one. Slow path of Point().
void Dispatch(Fiber* self);
// As Dispatch, for a fiber that has ended.
[[noreturn]] void DispatchAway(Fiber* self);

// An option below `count`, recorded in the schedule.
uint32_t Choose(Tag tag, uint32_t count);

void OnManySteps(Fiber* self);
void SpinRepeated(Fiber* self);
void ReleaseSpinners(uintptr_t object);
void ReleaseAllSpinners();
// Lets one held spinner spin itself out; false when none is worth it.
bool LetSpinnerOut();

// --- coverage.cc

void CoverRead(const Fiber* self, const PendingEvent& event);
void CoverWrite(const Fiber* self, const PendingEvent& event);
// `object` is the name of what the operation is about.
void CoverMeeting(const Fiber* self, const PendingEvent& event,
                  uint64_t object);
// The running thread changes.
void CoverState();

// Writes the pending operation of `self` into the books: it happens now.
__attribute__((always_inline)) inline void Commit(Fiber* self) {
  Execution& x = g_execution;
  PendingEvent& event = x.pending[self->id];
  ++event.number;
  const uint64_t name = x.objects.At(event.object)->name;
  x.hash = (x.hash ^
            (name << 16 | static_cast<uint64_t>(event.kind) << 8 | self->id)) *
           0x9e3779b97f4a7c15;
  x.hash ^= x.hash >> 29;
  if (x.history != nullptr) [[unlikely]]
    x.history->Add(self, event);
  if (x.meetings.counters != nullptr) [[unlikely]]
    CoverMeeting(self, event, name);
  if (++x.steps >= x.next_check) [[unlikely]]
    OnManySteps(self);
}

// The same for the only thread alive: nobody is there to meet, so the operation
// is counted but has no part in the hash and gives its object no name. Programs
// set up and tear down thousands of atomics alone.
inline bool IsAlone(const Fiber* self) {
  return g_execution.alive == self->bit;
}

inline void CommitAlone(Fiber* self) {
  Execution& x = g_execution;
  PendingEvent& event = x.pending[self->id];
  ++event.number;
  if (x.history != nullptr) [[unlikely]]
    x.history->Add(self, event);
  if (++x.steps >= x.next_check) [[unlikely]]
    OnManySteps(self);
}

inline void Announce(Fiber* self, Kind kind, uintptr_t object, uintptr_t pc) {
  PendingEvent& event = PendingOf(self);
  event.object = object;
  event.pc = pc;
  event.kind = kind;
}

// Announces an operation that is always possible, and returns when it is this
// thread's turn to do it.
__attribute__((always_inline)) inline void Point(Fiber* self, Kind kind,
                                                 uintptr_t object,
                                                 uintptr_t pc) {
  Announce(self, kind, object, pc);
  if (g_execution.enabled != self->bit) {
    Dispatch(self);
  } else if (IsAlone(self)) {
    return CommitAlone(self);
  }
  Commit(self);
}

// Adds an operation that commutes with everything others could do meanwhile:
// written down, but no decision is taken before it.
inline void Remark(Fiber* self, Kind kind, uintptr_t object, uintptr_t pc) {
  Announce(self, kind, object, pc);
  Commit(self);
}

// The operation just committed saw `value` and changed nothing.
inline void Saw(Fiber* self, uint64_t value) {
  Execution& x = g_execution;
  const PendingEvent& event = PendingOf(self);
  if (x.history != nullptr) [[unlikely]]
    x.history->Saw(value);
  if (x.reads.counters != nullptr) [[unlikely]]
    CoverRead(self, event);
  if (self->spin.Look(Stable(event.pc), Stable(event.object), Stable(value)))
      [[unlikely]] {
    SpinRepeated(self);
  }
}

// The operation just committed changed its object from `before` to `after`.
// Writing the value that is there already is but a look.
inline void Changed(Fiber* self, uint64_t before, uint64_t after) {
  Execution& x = g_execution;
  if (before == after) {
    Saw(self, after);
    return;
  }
  const PendingEvent& event = PendingOf(self);
  if (x.history != nullptr) [[unlikely]]
    x.history->Changed(before, after);
  if (x.reads.counters != nullptr) [[unlikely]]
    CoverWrite(self, event);
  self->spin.Forget();
  if (x.spinning != 0) [[unlikely]]
    ReleaseSpinners(event.object);
}

// --- waiting.cc

// Announces an operation that is possible only while `ready` holds, and
// returns when it is this thread's turn and ready() holds (true), or when the
// deadline passed first (false).
bool PointWhen(Fiber* self, Kind kind, uintptr_t object, uintptr_t pc,
               Ready ready, uint64_t deadline = 0);

// Suspends `self` in the wait that self->waiting describes, object and kind
// taken from the pending operation. True: woken; false: deadline passed.
bool Suspend(Fiber* self);

// Asks everybody who waits for `object` again whether it can run.
void ObjectChanged(uintptr_t object);

// Ready function of those who wait to be named by a wakeup.
bool IsWoken(const Fiber& fiber);

// Whether `fiber` waits for a wakeup of `object` and has not got one.
bool AwaitsWakeup(const Fiber& fiber, uintptr_t object);
uint64_t AwaitingWakeup(uintptr_t object);

// Wakes one of `candidates` (not empty), chosen by the strategy.
Fiber* WakeOneOf(uint64_t candidates);
void Wake(Fiber* fiber);
// Asks one thread's ready() again.
void Reconsider(Fiber* fiber);
// The deadline of `fiber` has come before its wakeup.
void TimeOut(Fiber* fiber);

// --- virtual_time.cc

// Arms the wait of `self`; 0 for a wait without end.
void SetDeadline(Fiber* self, uint64_t deadline);
// Adversarial time: the earliest deadline comes although threads could run.
void FireEarlyTimer();

// --- ending (execution.cc)

// Ends the execution. `format` says what is wrong, for a person.
[[noreturn]] void End(Verdict verdict, const char* format, ...)
    __attribute__((format(printf, 2, 3)));

// For debuggers: raise SIGTRAP before an execution ends with a verdict, on the
// stack of the thread that met it.
void StopAtVerdict(bool stop);

// Ends the execution because the code under test did what is not modelled.
[[noreturn]] void Refuse(const char* what);

// Maps memory and parks donors; idempotent. Call it before forking processes
// that execute.
void PrepareExecutions();

// Runs body(argument) as thread 0 of a new execution and returns when no
// thread is left or something is wrong. Not reentrant.
const Outcome& Execute(Strategy* strategy, const ExecutionLimits& limits,
                       void (*body)(void*), void* argument);

// A new thread, enabled, that will call entry(argument). Null: too many.
Fiber* CreateFiber(void* (*entry)(void*), void* argument);
// The number of an ended thread may be used again.
void Vacate(Fiber* fiber);

inline bool Executing() { return g_execution.running != nullptr; }

// Nothing is enabled: lets spinners out, asks the oracle, leaps in time or
// ends the execution (quiescence.cc). On return somebody is enabled.
void AtQuiescence();

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_EXECUTION_H_

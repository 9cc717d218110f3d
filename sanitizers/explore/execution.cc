#include "execution.h"

#include <link.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "cause.h"
#include "crash.h"
#include "descriptors.h"
#include "native.h"
#include "statics.h"
#include "tls_donor.h"
#include "virtual_time.h"

namespace reveille::explore {

constinit Execution g_execution;
__thread Fiber* t_fiber __attribute__((tls_model("initial-exec")));

namespace {

constinit bool g_stop_at_verdict = false;

// Virtual time when an execution begins: the machine has been up for a while.
constexpr uint64_t kBootTime = 1000000000000;

int FindCodeBase(dl_phdr_info* module, size_t, void* base) {
  *static_cast<uintptr_t*>(base) = module->dlpi_addr;
  return 1;  // the program itself comes first
}

}  // namespace

void PrepareExecutions() {
  Execution& x = g_execution;
  if (x.code_base != 0) return;
  PreferArchPrctl(false);
  dl_iterate_phdr(FindCodeBase, &x.code_base);
  if (x.code_base == 0) x.code_base = 1;
  x.choices.Reserve(kMostChoices);
  Arena::Prepare();
  RecruitDonors();
  AddTimerSource(TimerDescriptors());
}

namespace {

void ResetSchedule(const ExecutionLimits& limits) {
  Execution& x = g_execution;
  x.enabled = x.alive = x.waiting = x.spinning = 0;
  x.burning = nullptr;
  x.steps = 0;
  x.spin_steps = 0;
  x.next_check = limits.max_steps;
  x.hash = 0;
  x.progress = 0;
  x.fair = false;
  x.limits = limits;
  x.choices.Clear();
  x.objects.Reset();
  x.ledger.Reset();
  x.outcome.verdict = Verdict::kClean;
  x.outcome.message[0] = 0;
  x.outcome.silent = false;
  x.outcome.thread = -1;
  x.outcome.threads = 0;
  ++x.serial;
}

void ResetTime(const ExecutionLimits& limits) {
  Execution& x = g_execution;
  x.now = kBootTime;
  x.early_timers_left = limits.early_timers;
  x.early_nanoseconds = 0;
  x.spurious_left = limits.spurious_wakeups;
  x.idle_leaps = 0;
  x.idle_since = 0;
  x.progress_at_leap = 0;
  x.clock_fires = false;
}

void ForgetThreads() {
  Execution& x = g_execution;
  for (; x.ever_used != 0; x.ever_used &= x.ever_used - 1) {
    Fiber& fiber = x.fibers[__builtin_ctzll(x.ever_used)];
    fiber.life = Life::kUnused;
    fiber.generation = 0;
  }
  x.occupied = 0;
}

void CleanUp() {
  RestoreStatics();
  ResetDescriptors();
  ForgetThreads();
  Arena::Reset();
}

struct Body {
  void (*function)(void*);
  void* argument;
};

void* RunBody(void* argument) {
  const Body* body = static_cast<const Body*>(argument);
  body->function(body->argument);
  RunExitHandlers();
  return nullptr;
}

Fiber* UnusedFiber() {
  Execution& x = g_execution;
  constexpr uint64_t kAll = (uint64_t{1} << kMaxThreads) - 1;
  const uint64_t unused = ~x.occupied & kAll;
  if (unused == 0) return nullptr;
  const int id = __builtin_ctzll(unused);
  Fiber* fiber = &x.fibers[id];
  fiber->id = static_cast<uint8_t>(id);
  fiber->bit = uint64_t{1} << id;
  x.occupied |= fiber->bit;
  x.ever_used |= fiber->bit;
  return fiber;
}

void MakeThreadStateFresh(Fiber* fiber) {
  fiber->life = Life::kAlive;
  fiber->detached = false;
  fiber->may_wait_forever = false;
  fiber->clock_driven = false;
  ++fiber->generation;
  fiber->waiting = {};
  fiber->spin.Forget();
  fiber->result = nullptr;
  fiber->plain_accesses_left =
      g_execution.limits.plain_accesses ? 1 : kPlainRun;
  fiber->shadow_depth = 0;
  fiber->exit_handler_count = 0;
  if (fiber->keys_used) memset(fiber->keys, 0, sizeof fiber->keys);
  fiber->keys_used = false;
  fiber->name[0] = 0;
}

}  // namespace

void Vacate(Fiber* fiber) {
  fiber->life = Life::kUnused;
  g_execution.occupied &= ~fiber->bit;
}

Fiber* CreateFiber(void* (*entry)(void*), void* argument) {
  Execution& x = g_execution;
  Fiber* fiber = UnusedFiber();
  if (fiber == nullptr) return nullptr;
  MakeThreadStateFresh(fiber);
  fiber->entry = entry;
  fiber->argument = argument;
  fiber->fs_base = FreshTls(fiber->id);
  PrepareStack(fiber);
  // The thread's view of itself lies in the TLS that it will run with.
  const intptr_t offset = reinterpret_cast<intptr_t>(&t_fiber) -
                          static_cast<intptr_t>(g_execution.OwnFsBase());
  *reinterpret_cast<Fiber**>(fiber->fs_base + static_cast<uintptr_t>(offset)) =
      fiber;
  PendingEvent& event = x.pending[fiber->id];
  event = {};
  event.object = ThreadObject(fiber->id);
  x.alive |= fiber->bit;
  x.enabled |= fiber->bit;
  ++x.progress;
  const int count = __builtin_popcountll(x.alive);
  if (count > x.outcome.threads) x.outcome.threads = count;
  return fiber;
}

void StopAtVerdict(bool stop) { g_stop_at_verdict = stop; }

void End(Verdict verdict, const char* format, ...) {
  Execution& x = g_execution;
  x.outcome.verdict = verdict;
  if (verdict != Verdict::kClean) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(x.outcome.message, sizeof x.outcome.message, format, arguments);
    va_end(arguments);
  }
  if (g_stop_at_verdict && verdict != Verdict::kClean) {
    // Not a crash of the code under test: straight to the debugger.
    signal(SIGTRAP, SIG_DFL);
    __asm__ volatile("int3");
  }
  void* abandoned;
  SwitchStack(&abandoned, x.driver_stack, x.driver_fs_base);
  __builtin_trap();
}

void Refuse(const char* what) {
  g_execution.outcome.thread = Self()->id;
  End(Verdict::kRefused, "%s is not modelled", what);
}

const Outcome& Execute(Strategy* strategy, const ExecutionLimits& limits,
                       void (*body)(void*), void* argument) {
  Execution& x = g_execution;
  PrepareExecutions();
  if (x.driver_fs_base == 0) x.driver_fs_base = CurrentFsBase();
  ResetSchedule(limits);
  ResetTime(limits);
  x.strategy = strategy;
  Body start = {body, argument};
  Fiber* first = CreateFiber(RunBody, &start);
  x.running = first;
  CatchCrashes();
  SwitchStack(&x.driver_stack, first->stack_pointer, first->fs_base);
  x.running = nullptr;
  x.outcome.hash = x.hash;
  x.outcome.steps = x.steps;
  x.outcome.choices = x.choices.size();
  x.outcome.virtual_nanoseconds = x.now - kBootTime;
  x.outcome.starved = x.fair;
  x.outcome.cause =
      x.outcome.verdict == Verdict::kClean ? 0 : CauseOfCurrentOutcome();
  if (x.at_end != nullptr) x.at_end();
  CleanUp();
  return x.outcome;
}

}  // namespace reveille::explore

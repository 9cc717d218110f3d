#include "crash.h"

#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <ucontext.h>

#include "execution.h"

namespace reveille::explore {
namespace {

constexpr int kSignals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP};
constexpr size_t kHandlerStack = 64 << 10;

constinit bool g_caught = false;
struct sigaction g_before[NSIG];

// As a return address would have it: the place is just before.
uintptr_t FaultPc(void* context) {
  return static_cast<uintptr_t>(
             static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP]) +
         1;
}

bool IsStackOverflow(const Fiber* self, const siginfo_t* info) {
  const uintptr_t address = reinterpret_cast<uintptr_t>(info->si_addr);
  const uintptr_t lowest = reinterpret_cast<uintptr_t>(StackOf(self->id));
  return address < lowest && address + kStackBytes > lowest;
}

// The name of a signal without the C library's translations, which allocate.
const char* NameOfSignal(int signal) {
  switch (signal) {
    case SIGSEGV:
      return "SIGSEGV";
    case SIGBUS:
      return "SIGBUS";
    case SIGILL:
      return "SIGILL";
    case SIGFPE:
      return "SIGFPE";
    case SIGABRT:
      return "SIGABRT";
    default:
      return "SIGTRAP";
  }
}

// Runs on the alternate stack, which End() simply leaves.
void OnCrash(int signal, siginfo_t* info, void* context) {
  Fiber* self = Self();
  if (self == nullptr || !Executing()) {
    sigaction(signal, &g_before[signal], nullptr);
    return;  // to the faulting instruction, which faults again
  }
  g_execution.outcome.thread = self->id;
  Remark(self, Kind::kCrash, ThreadObject(self->id), FaultPc(context));
  if (signal == SIGSEGV && IsStackOverflow(self, info)) {
    End(Verdict::kCrash, "stack overflow in thread %d", self->id);
  }
  End(Verdict::kCrash, "%s in thread %d", NameOfSignal(signal), self->id);
}

constinit uint64_t g_steps_seen = 0;
constinit uint32_t g_serial_seen = 0;
constinit int g_silent_ticks = 0;
constinit int g_silence_allowed = 0;

void OnTick(int, siginfo_t*, void* context) {
  Execution& x = g_execution;
  const bool silent = x.steps == g_steps_seen && x.serial == g_serial_seen;
  g_steps_seen = x.steps;
  g_serial_seen = x.serial;
  g_silent_ticks = silent ? g_silent_ticks + 1 : 0;
  Fiber* self = Self();
  if (g_silent_ticks < g_silence_allowed || self == nullptr) return;
  g_silent_ticks = 0;
  x.outcome.thread = self->id;
  x.outcome.silent = true;
  Remark(self, Kind::kSilent, ThreadObject(self->id), FaultPc(context));
  End(Verdict::kLivelock,
      "thread %d does nothing visible for seconds of real time: an endless "
      "loop without a visible operation",
      self->id);
}

void Handle(int signal, void (*handler)(int, siginfo_t*, void*),
            struct sigaction* before) {
  struct sigaction action = {};
  action.sa_sigaction = handler;
  // No signal is blocked meanwhile, because the handler may never return.
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sigaction(signal, &action, before);
}

void TakeHandlerStack() {
  stack_t stack = {};
  stack.ss_sp = ReserveMemory(kHandlerStack);
  stack.ss_size = kHandlerStack;
  sigaltstack(&stack, nullptr);
}

}  // namespace

void CatchCrashes() {
  if (g_caught) return;
  g_caught = true;
  TakeHandlerStack();
  for (int signal : kSignals) Handle(signal, OnCrash, &g_before[signal]);
}

void WatchForSilence(int seconds) {
  g_silence_allowed = seconds;
  g_silent_ticks = 0;
  itimerval tick = {};
  if (seconds > 0) {
    Handle(SIGALRM, OnTick, nullptr);
    tick.it_interval.tv_sec = tick.it_value.tv_sec = 1;
  }
  setitimer(ITIMER_REAL, &tick, nullptr);
}

}  // namespace reveille::explore

#include "stress/report/stacks.h"

#include <errno.h>
#include <execinfo.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>
#include <mutex>

#include "absl/debugging/symbolize.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "stress/build_lens.h"
#include "stress/thread_sample.h"

namespace reveille::stress {
namespace {

constexpr int kMaxFrames = 64;

// One request at a time. The asker sets `wanted` to the thread's id and a
// ticket; the handler fills the frames and publishes the ticket in `answered`.
struct Request {
  std::atomic<int> wanted_tid{0};
  std::atomic<int> ticket{0};
  std::atomic<int> answered{0};
  std::array<void*, kMaxFrames> frames;
  int depth = 0;
};
Request request;
std::mutex one_asker;

int StackSignal() { return SIGRTMIN + 5; }

// backtrace() is safe here once PrepareStacks() has made it load the unwinder.
void OnStackSignal(int, siginfo_t* info, void*) {
  const int saved_errno = errno;
  const int ticket = info->si_value.sival_int;
  const int tid = static_cast<int>(syscall(SYS_gettid));
  // A late answer to an earlier question must not write into a later one.
  if (request.ticket.load() == ticket && request.wanted_tid.load() == tid) {
    request.depth = backtrace(request.frames.data(), kMaxFrames);
    request.answered.store(ticket);
  }
  errno = saved_errno;
}

bool Ask(int tid, int ticket) {
  request.wanted_tid.store(tid);
  request.ticket.store(ticket);
  siginfo_t info;
  std::memset(&info, 0, sizeof(info));
  info.si_code = SI_QUEUE;
  info.si_pid = getpid();
  info.si_uid = getuid();
  info.si_value.sival_int = ticket;
  return syscall(SYS_rt_tgsigqueueinfo, getpid(), tid, StackSignal(), &info) ==
         0;
}

bool AwaitAnswer(int ticket) {
  constexpr int kPatienceMs = 500;
  for (int ms = 0; ms < kPatienceMs; ++ms) {
    if (request.answered.load() == ticket) return true;
    const timespec one_ms = {0, 1'000'000};
    nanosleep(&one_ms, nullptr);
  }
  return request.answered.load() == ticket;
}

void AppendFrames(int skip, std::string* out) {
  for (int i = skip; i < request.depth; ++i) {
    char name[512];
    // A return address may lie past the end of its function: look before it.
    const auto address = reinterpret_cast<uintptr_t>(request.frames[i]);
    const void* pc = reinterpret_cast<const void*>(address - 1);
    const bool known = absl::Symbolize(pc, name, sizeof(name));
    absl::StrAppendFormat(out, "  #%-2d %p %s\n", i - skip, request.frames[i],
                          known ? name : "?");
  }
}

// Async-signal-safe, as all that a crash handler does.
void WriteError(const char* text) {
  const ssize_t ignored = write(STDERR_FILENO, text, std::strlen(text));
  static_cast<void>(ignored);
}

void WriteFrame(void* frame) {
  char line[640], name[512];
  const void* pc = static_cast<char*>(frame) - 1;
  const bool known = absl::Symbolize(pc, name, sizeof(name));
  absl::SNPrintF(line, sizeof(line), "    @ %p  %s\n", frame,
                 known ? name : "(unknown)");
  WriteError(line);
}

// The frames of the handler itself, and of the kernel's way to it, come before
// the one that was interrupted.
int FirstInterrupted(void* const* frames, int depth, const void* context) {
  const auto* ucontext = static_cast<const ucontext_t*>(context);
  const auto pc = ucontext->uc_mcontext.gregs[REG_RIP];
  for (int i = 0; i < depth; ++i) {
    if (reinterpret_cast<greg_t>(frames[i]) == pc) return i;
  }
  return 0;
}

void OnCrash(int signal, siginfo_t*, void* context) {
  // Should the handler crash or hang, the process ends all the same.
  ::signal(signal, SIG_DFL);
  alarm(5);
  char line[64];
  absl::SNPrintF(line, sizeof(line), "*** signal %d in thread %d ***\n", signal,
                 static_cast<int>(syscall(SYS_gettid)));
  WriteError(line);
  void* frames[kMaxFrames];
  const int depth = backtrace(frames, kMaxFrames);
  for (int i = FirstInterrupted(frames, depth, context); i < depth; ++i) {
    WriteFrame(frames[i]);
  }
  raise(signal);
}

void InstallCrashHandler() {
  struct sigaction action;
  std::memset(&action, 0, sizeof(action));
  action.sa_sigaction = OnCrash;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  for (const int s : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT}) {
    sigaction(s, &action, nullptr);
  }
}

}  // namespace

void PrepareStacks(const char* argv0) {
  absl::InitializeSymbolizer(argv0);
  void* frames[4];
  backtrace(frames, 4);
  struct sigaction action;
  std::memset(&action, 0, sizeof(action));
  action.sa_sigaction = OnStackSignal;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  sigfillset(&action.sa_mask);
  sigaction(StackSignal(), &action, nullptr);
  // (The sanitizers report crashes themselves, and better.)
  if (!kSlowLens) InstallCrashHandler();
}

namespace {

void AppendStack(int tid, int ticket, std::string* out) {
  absl::StrAppendFormat(out, "thread %d (%s) state %c%s\n", tid,
                        ThreadName(tid), ThreadState(tid),
                        IsObserver(tid) ? ", the driver's own" : "");
  if (tid == CurrentTid()) {
    absl::StrAppend(out, "  (the thread that wrote this)\n");
  } else if (Ask(tid, ticket) && AwaitAnswer(ticket)) {
    constexpr int kHandlerAndReturn = 2;
    AppendFrames(kHandlerAndReturn, out);
  } else {
    absl::StrAppend(out, "  no answer: it blocks signals, or has ended\n");
  }
}

}  // namespace

std::string AllStacks() {
  std::lock_guard<std::mutex> lock(one_asker);
  static int last_ticket = 0;
  std::string out;
  for (const int tid : AllThreads()) {
    AppendStack(tid, ++last_ticket, &out);
    absl::StrAppend(&out, "\n");
  }
  return out;
}

}  // namespace reveille::stress

#include "trial.h"

#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "crash.h"
#include "execution.h"
#include "native.h"
#include "strategies/replay.h"

namespace reveille::explore {
namespace {

constexpr double kPatience = 60;  // seconds for a single execution

// The C library would take a stream's buffer from the arena if the first
// output happened inside an execution, and go on using it afterwards.
void GiveBuffer(FILE* stream, char* buffer, size_t size) {
  if (__fbufsize(stream) == 0) setvbuf(stream, buffer, _IOLBF, size);
}

}  // namespace

void* ShareMemory(size_t bytes) {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) __builtin_trap();
  return memory;
}

void UnshareMemory(void* memory, size_t bytes) { munmap(memory, bytes); }

void PrepareZygote() {
  static char buffer[BUFSIZ];
  GiveBuffer(stdout, buffer, sizeof buffer);
  PrepareExecutions();
}

int ForkChild(void (*work)(void*), void* argument) {
  fflush(nullptr);
  const int child = native::Fork();
  if (child != 0) return child;
  // Nobody is left to read what it finds if the zygote dies.
  native::SystemCall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
  work(argument);
  fflush(stdout);
  native::Exit(0);
}

bool Await(int child, double seconds) {
  const uint64_t end =
      native::MonotonicNanoseconds() + static_cast<uint64_t>(seconds * 1e9);
  uint64_t nap = 20000;
  int status = 0;
  for (;;) {
    const long ended = native::SystemCall(
        SYS_wait4, child, reinterpret_cast<long>(&status), WNOHANG);
    if (ended == child) return status == 0;
    if (ended < 0) return false;
    if (native::MonotonicNanoseconds() > end) break;
    native::Sleep(nap);
    if (nap < 1000000) nap += nap / 4;
  }
  native::Kill(child);
  native::Wait(child);
  return false;
}

Trial::Trial(const Program& program)
    : program_(program),
      remains_(static_cast<Remains*>(ShareMemory(sizeof(Remains)))),
      choices_(
          static_cast<Choice*>(ShareMemory(kMostChoices * sizeof(Choice)))),
      directives_(static_cast<Directive*>(
          ShareMemory(kMostDirectives * sizeof(Directive)))) {}

Trial::~Trial() {
  UnshareMemory(remains_, sizeof(Remains));
  UnshareMemory(choices_, kMostChoices * sizeof(Choice));
  UnshareMemory(directives_, kMostDirectives * sizeof(Directive));
}

void Trial::Leave(const Outcome& outcome, const Buffer<Directive>& directives) {
  remains_->outcome = outcome;
  const Choice* last = LastChoices(&remains_->choice_count);
  for (size_t i = 0; i < remains_->choice_count; ++i) choices_[i] = last[i];
  remains_->directive_count = directives.size();
  for (size_t i = 0; i < directives.size(); ++i) {
    directives_[i] = directives[i];
  }
}

void Trial::Child(Strategy* strategy, const ExecutionLimits& limits,
                  Repeat repeat) {
  Buffer<Directive> directives(kMostDirectives);
  Recorder recorder(strategy, &directives);
  WatchForSilence(program_.silence_seconds);
  Leave(*RunOnce(&recorder, 0, limits, program_.body, program_.argument),
        directives);
  if (repeat == Repeat::kTwice) {
    remains_->second =
        *RunOnce(strategy, 0, limits, program_.body, program_.argument);
  }
  remains_->ended = true;
}

void Trial::SearchInChild(Strategy* strategy, const ExecutionLimits& limits,
                          Verdict verdict, uint64_t cause, double seconds) {
  const uint64_t end =
      native::MonotonicNanoseconds() + static_cast<uint64_t>(seconds * 1e9);
  Buffer<Directive> directives(kMostDirectives);
  Recorder recorder(strategy, &directives);
  WatchForSilence(program_.silence_seconds);
  for (uint64_t key = 0;; ++key) {
    const Outcome* outcome =
        RunOnce(&recorder, key, limits, program_.body, program_.argument);
    if (outcome == nullptr) {
      remains_->exhausted = true;
      return;
    }
    if (outcome->verdict == verdict && outcome->cause == cause) {
      Leave(*outcome, directives);
      remains_->ended = true;
      return;
    }
    if (key % 64 == 63 && native::MonotonicNanoseconds() > end) return;
  }
}

bool Trial::Search(Strategy* strategy, const ExecutionLimits& limits,
                   Verdict verdict, uint64_t cause, double seconds) {
  struct Task {
    Trial* trial;
    Strategy* strategy;
    const ExecutionLimits* limits;
    Verdict verdict;
    uint64_t cause;
    double seconds;
  } task = {this, strategy, &limits, verdict, cause, seconds};
  remains_->ended = false;
  remains_->exhausted = false;
  const int child = ForkChild(
      [](void* argument) {
        const Task* task = static_cast<Task*>(argument);
        task->trial->SearchInChild(task->strategy, *task->limits, task->verdict,
                                   task->cause, task->seconds);
      },
      &task);
  return Await(child, seconds + kPatience) && remains_->ended;
}

bool Trial::Run(Strategy* strategy, const ExecutionLimits& limits,
                Repeat repeat) {
  struct Work {
    Trial* trial;
    Strategy* strategy;
    const ExecutionLimits* limits;
    Repeat repeat;
  } work = {this, strategy, &limits, repeat};
  remains_->ended = false;
  const int child = ForkChild(
      [](void* argument) {
        const Work* work = static_cast<Work*>(argument);
        work->trial->Child(work->strategy, *work->limits, work->repeat);
      },
      &work);
  return Await(child, kPatience) && remains_->ended;
}

bool Trial::Follow(const Choice* choices, size_t count,
                   const ExecutionLimits& limits, Repeat repeat) {
  // The replay counts its departures in the child; carried over by hand.
  class Counting final : public Strategy {
   public:
    Counting(const Choice* choices, size_t count, Remains* remains)
        : replay_(choices, count), remains_(remains) {}
    bool Begin(uint64_t key) override { return replay_.Begin(key); }
    uint32_t Choose(const ChoicePoint& at) override {
      const uint32_t option = replay_.Choose(at);
      remains_->departures = replay_.departures();
      return option;
    }
    void End(const ExecutionSummary& summary) override { replay_.End(summary); }

   private:
    Replay replay_;
    Remains* remains_;
  };
  remains_->departures = 0;
  Counting counting(choices, count, remains_);
  return Run(&counting, limits, repeat);
}

bool Trial::Obey(const Directive* directives, size_t count,
                 const ExecutionLimits& limits) {
  Directed directed(directives, count);
  return Run(&directed, limits, Repeat::kOnce);
}

}  // namespace reveille::explore

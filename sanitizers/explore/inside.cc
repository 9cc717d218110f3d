// What the code under test may say from inside an execution.
#include "execution.h"
#include "explore.h"
#include "strategies/random_walk.h"

namespace reveille::explore {
namespace {

// Work is not a visible operation, but a story wants to tell it.
void Tell(Fiber* self, Kind kind, uint32_t task) {
  Execution& x = g_execution;
  if (x.history == nullptr) return;
  PendingEvent event = PendingOf(self);
  event.kind = kind;
  event.object = task;
  event.pc = reinterpret_cast<uintptr_t>(__builtin_return_address(0));
  x.history->Add(self, event);
}

void RefuseTask(uint32_t task) {
  if (task < kMostTasks) return;
  End(Verdict::kTooMany, "task %u, but the ledger ends at %u", task,
      kMostTasks);
}

}  // namespace

bool InExecution() { return Self() != nullptr; }

void Fail(Verdict verdict, const char* message) {
  Fiber* self = Self();
  if (self == nullptr) return;
  g_execution.outcome.thread = self->id;
  Remark(self, Kind::kFail, ThreadObject(self->id),
         reinterpret_cast<uintptr_t>(__builtin_return_address(0)));
  End(verdict, "%s", message);
}

uint32_t ChooseBelow(uint32_t count) {
  return Self() == nullptr ? 0 : Choose(Tag::kUser, count);
}

void ThreadMayWaitForever() {
  if (Fiber* self = Self()) self->may_wait_forever = true;
}

void PoolHasWorkers(uint32_t workers) {
  if (Self() != nullptr) g_execution.ledger.workers = workers;
}

void TaskSubmitted(uint32_t task) {
  Fiber* self = Self();
  if (self == nullptr) return;
  RefuseTask(task);
  Ledger& ledger = g_execution.ledger;
  ++ledger.submitted;
  if (task >= ledger.highest) ledger.highest = task + 1;
  Tell(self, Kind::kSubmit, task);
}

void TaskStarted(uint32_t task) {
  Fiber* self = Self();
  if (self == nullptr) return;
  RefuseTask(task);
  Ledger& ledger = g_execution.ledger;
  Tell(self, Kind::kStartTask, task);
  if (task >= ledger.highest) ledger.highest = task + 1;
  if (ledger.starts[task]++ != 0) {
    g_execution.outcome.thread = self->id;
    End(Verdict::kDoubleRun, "task %u was started a second time", task);
  }
  ++ledger.started;
  if (ledger.rescue_noted) {
    g_execution.outcome.thread = self->id;
    End(Verdict::kRescued,
        "task %u waited beside an idle worker until time passed", task);
  }
}

void TaskFinished(uint32_t task) {
  Fiber* self = Self();
  if (self == nullptr) return;
  ++g_execution.ledger.finished;
  Tell(self, Kind::kFinishTask, task);
}

const Outcome* RunOnce(Strategy* strategy, uint64_t key,
                       const ExecutionLimits& limits, BodyFunction body,
                       void* argument) {
  if (!strategy->Begin(key)) return nullptr;
  g_execution.endless.Clear();
  const Outcome& outcome = Execute(strategy, limits, body, argument);
  ExecutionSummary summary;
  summary.steps = outcome.steps;
  summary.hash = outcome.hash;
  strategy->End(summary);
  return &outcome;
}

const Choice* LastChoices(size_t* count) {
  *count = g_execution.choices.size();
  return g_execution.choices.data();
}

void CountReadsFrom(uint8_t* counters, size_t size) {
  g_execution.reads = {counters, size};
}

void CountMeetings(uint8_t* counters, size_t size) {
  g_execution.meetings = {counters, size};
}

void CountStates(uint8_t* counters, size_t size) {
  g_execution.states = {counters, size};
}

void SetOracle(Oracle* oracle) { g_execution.oracle = oracle; }

}  // namespace reveille::explore

// The entry point that LLVM has proposed for ThreadSanitizer: one execution
// under a random schedule. 0: clean.
extern "C" __attribute__((visibility("default"))) int __tsan_simulate(
    void (*callback)(void*), void* argument) {
  using namespace reveille::explore;
  static RandomWalk walk;
  static uint64_t key = 0;
  const Outcome* outcome = RunOnce(&walk, ++key, {}, callback, argument);
  return outcome->verdict == Verdict::kClean ? 0 : 1;
}

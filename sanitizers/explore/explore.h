// The explore lens: unmodified C++ under a chosen schedule.
//
// First part: what the code under test, or a test around it, may call from
// inside an execution; outside executions these calls do nothing. Second part:
// how a program explores. Call the second part from one thread only, outside
// executions. Nothing here throws.
#ifndef REVEILLE_SANITIZERS_EXPLORE_EXPLORE_H_
#define REVEILLE_SANITIZERS_EXPLORE_EXPLORE_H_

#include <stddef.h>
#include <stdint.h>

#include "execution_limits.h"
#include "oracle.h"
#include "strategy.h"
#include "verdict.h"

namespace reveille::explore {

// --- inside executions ------------------------------------------------------

// True on a thread of the code under test inside an execution.
bool InExecution();

// Ends the execution with `verdict`; `message` is copied.
void Fail(Verdict verdict, const char* message);

// Ends the execution with check-failed unless `holds`.
inline void Check(bool holds, const char* message) {
  if (!holds) Fail(Verdict::kCheckFailed, message);
}

// A choice of the program's own, below `count`: part of the schedule. 0
// outside executions.
uint32_t ChooseBelow(uint32_t count);

// The calling thread may sleep for good: it is not stuck when nobody wakes it.
void ThreadMayWaitForever();

// Work, for the built-in judges. `task` is below kMostTasks. These calls are
// not visible operations; they belong to the operation before them.
void PoolHasWorkers(uint32_t workers);
void TaskSubmitted(uint32_t task);
void TaskStarted(uint32_t task);
void TaskFinished(uint32_t task);

// --- exploring --------------------------------------------------------------

using BodyFunction = void (*)(void* argument);

// One execution in this process under `strategy`, which is asked to Begin with
// `key`; null when it has nothing left to explore. The outcome is valid until
// the next call. After an outcome that is not clean the process may be dirty;
// Run() in campaign.h takes care of that, this does not.
const Outcome* RunOnce(Strategy* strategy, uint64_t key,
                       const ExecutionLimits& limits, BodyFunction body,
                       void* argument);

// The choices of the last RunOnce(); valid until the next.
const Choice* LastChoices(size_t* count);

// From now on, RunOnce() counts pairs of (write, read) places in
// counters[0 .. size), saturating; size is a power of two. For
// __libfuzzer_extra_counters. Null switches it off.
void CountReadsFrom(uint8_t* counters, size_t size);
// The same for pairs of places of operations that followed each other on one
// object, by different threads.
void CountMeetings(uint8_t* counters, size_t size);
// The same for pairs of states that the oracle told one after the other
// (Oracle::State()).
void CountStates(uint8_t* counters, size_t size);

// Asked by every RunOnce(); null for none.
void SetOracle(Oracle* oracle);

}  // namespace reveille::explore

// As LLVM has proposed for ThreadSanitizer: one execution of callback(argument)
// under the next random schedule. 0 when it was clean.
// NOLINTNEXTLINE(bugprone-reserved-identifier)
extern "C" int __tsan_simulate(void (*callback)(void*), void* argument);

#endif  // REVEILLE_SANITIZERS_EXPLORE_EXPLORE_H_

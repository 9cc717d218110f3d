// Script: what is done with a scheduler through its public interface, as a
// value that bytes decide. Beside fuzz/program, which knows what every pool
// has, this one has what only ours does: joins, cancellation, waits of all
// kinds, batches, exceptions, few threads, a shutdown before the end.
//
// I1: every byte string is a script. What is missing counts as zero.
// I2: the scheduler ends every script: who waits without a deadline is
//     cancelled by a shutdown that has one, and where the end is without a
//     deadline no wait is (Script::Patient()).
#ifndef REVEILLE_FUZZ_API_SCRIPT_H_
#define REVEILLE_FUZZ_API_SCRIPT_H_

#include <cstdint>
#include <vector>

#include "fuzz/input.h"
#include "reveille/options.h"

namespace reveille::fuzz {

enum class Verb : uint8_t {
  // Another part begins; see Part.
  kPart,
  // Waits.
  kSleep,
  kAwaitEvent,
  kAcquire,
  kPark,
  kAwaitGroup,
  kJoin,
  kAwaitFd,
  // Ends of waits.
  kSetEvent,
  kResetEvent,
  kRelease,
  kTryAcquire,
  kReadyOne,
  kReadyAll,
  kCountInGroup,
  kCancel,
  kMakeReady,
  kCloseFd,
  kReuseFd,
  // What a task does with its thread.
  kYield,
  kBlock,
  kLock,
  kUnlock,
  kCompute,
  kThrow,
  kChild,
  // Other tasks.
  kBurst,
  kElsewhere,
  kThrowingCopy,
  kTimer,
  // The whole scheduler.
  kResize,
  kReleaseMemory,
  kLook,
  kWords,
};
inline constexpr uint32_t kVerbs = static_cast<uint32_t>(Verb::kWords) + 1;

struct Step {
  Verb verb = Verb::kPart;
  uint8_t which = 0;     // 0..3: which of several objects.
  uint8_t variant = 0;   // 0..7; what it means depends on the verb.
  uint8_t patience = 0;  // 0..7: of a wait, see World::DeadlineOf().
};

// Steps in a row by one party: the thread that runs the script, or a task.
struct Part {
  bool by_main = false;
  bool coroutine = false;
  bool joinable = false;
  bool named = false;
  bool idle_priority = false;
  bool batched = false;  // Spawned together with its neighbours.
  bool inside = false;   // Spawned by the task before it, as its last step.
  std::vector<Step> steps;
};

// How the scheduler ends.
enum class Ending : uint8_t {
  kDrain,
  kDrainInTask,  // Which must be refused; then as kDrain.
  kShutdown,
  kDestroy,
  // From here on with a deadline: who still waits is cut off.
  kDrainTooShort,
  kShutdownPast,
  kShutdownSoon,
  kShutdownByTwo,
};

// What keeps Create() from succeeding.
enum class Obstacle : uint8_t {
  kNone,
  kProcs,
  kMaxThreads,
  kIdleLimit,
  kSpinRounds,
  kFlightEvents,
  kNoThreads,
  kNoDescriptors,
  kOneDescriptor,
};
inline constexpr uint32_t kObstacles =
    static_cast<uint32_t>(Obstacle::kOneDescriptor) + 1;

struct Script {
  static constexpr size_t kMostParts = 16;
  static constexpr size_t kMostSteps = 64;

  Options options;  // Valid but for the obstacle.
  Obstacle obstacle = Obstacle::kNone;
  Ending ending = Ending::kDrain;
  bool threads_run_out = false;  // None is to be had once it runs.
  bool drops_last_batch = false;
  std::vector<Part> parts;

  // True when nobody may wait without a deadline.
  bool Patient() const { return ending < Ending::kDrainTooShort; }
};

Script DecodeScript(Input* in);

}  // namespace reveille::fuzz

#endif  // REVEILLE_FUZZ_API_SCRIPT_H_

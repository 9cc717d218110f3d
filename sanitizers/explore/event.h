// Visible operations: what a thread does that another thread could notice.
#ifndef REVEILLE_SANITIZERS_EXPLORE_EVENT_H_
#define REVEILLE_SANITIZERS_EXPLORE_EVENT_H_

#include <stdint.h>

namespace reveille::explore {

// kind, the word a story uses, whether it only looks at its object.
#define REVEILLE_EVENT_KINDS(X)                    \
  X(kStart, "starts", true)                        \
  X(kExit, "ends", false)                          \
  X(kCreate, "creates thread", false)              \
  X(kJoin, "joins", true)                          \
  X(kYield, "yields", true)                        \
  X(kSleep, "sleeps", true)                        \
  X(kLoad, "reads", true)                          \
  X(kStore, "writes", false)                       \
  X(kReadModifyWrite, "updates", false)            \
  X(kCompareExchange, "compares and swaps", false) \
  X(kPlainRead, "reads (plain)", true)             \
  X(kPlainWrite, "writes (plain)", false)          \
  X(kLock, "locks", false)                         \
  X(kTryLock, "tries to lock", false)              \
  X(kUnlock, "unlocks", false)                     \
  X(kReadLock, "locks shared", false)              \
  X(kTryReadLock, "tries to lock shared", false)   \
  X(kConditionWait, "waits on", false)             \
  X(kSignal, "signals", false)                     \
  X(kBroadcast, "broadcasts", false)               \
  X(kFutexWait, "futex-waits on", false)           \
  X(kFutexWake, "futex-wakes", false)              \
  X(kSemaphoreWait, "waits on semaphore", false)   \
  X(kSemaphoreTryWait, "tries semaphore", false)   \
  X(kSemaphorePost, "posts semaphore", false)      \
  X(kBarrierWait, "arrives at barrier", false)     \
  X(kOnce, "enters once", false)                   \
  X(kGuard, "initialises static", false)           \
  X(kFileRead, "reads from descriptor", false)     \
  X(kFileWrite, "writes to descriptor", false)     \
  X(kFileClose, "closes descriptor", false)        \
  X(kFileControl, "changes descriptor", false)     \
  X(kPoll, "polls", true)                          \
  X(kEpollControl, "changes interest in", false)   \
  X(kEpollWait, "waits for events on", false)      \
  X(kCrash, "crashes", false)                      \
  X(kFail, "fails", false)                         \
  X(kSubmit, "submits task", false)                \
  X(kStartTask, "starts task", false)              \
  X(kFinishTask, "finishes task", false)           \
  X(kSilent, "runs without end", false)
enum class Kind : uint8_t {
#define REVEILLE_EVENT_ENUMERATOR(kind, word, looks) kind,
  REVEILLE_EVENT_KINDS(REVEILLE_EVENT_ENUMERATOR)
#undef REVEILLE_EVENT_ENUMERATOR
};

const char* WordFor(Kind kind);

// True for operations that cannot change their object: two of them on one
// object commute. Asked about several threads at each choice.
constexpr bool OnlyLooks(Kind kind) {
#define REVEILLE_EVENT_LOOKS(kind, word, looks) \
  | uint64_t{looks} << static_cast<int>(Kind::kind)
  constexpr uint64_t kLooks =
      uint64_t{0} REVEILLE_EVENT_KINDS(REVEILLE_EVENT_LOOKS);
#undef REVEILLE_EVENT_LOOKS
  return ((kLooks >> static_cast<int>(kind)) & 1) != 0;
}

// Objects that are not memory have small numbers instead of addresses, each in
// a granule of its own.
inline uintptr_t ThreadObject(int thread) {
  return static_cast<uintptr_t>(thread + 1) << 3;
}
inline uintptr_t FileObject(int descriptor) {
  return static_cast<uintptr_t>(descriptor + 0x2000) << 3;
}

// The one operation that a thread will do next when it is allowed to.
struct PendingEvent {
  uintptr_t object = 0;  // address, or a small number for files and threads
  uintptr_t pc = 0;      // where the code under test asked for it
  uint32_t number = 0;   // how many operations the thread did before
  uint32_t held = 0;     // how often the thread was held back while spinning
  Kind kind = Kind::kStart;
};

// Whether the order of the two operations can matter.
inline bool Conflict(const PendingEvent& a, const PendingEvent& b) {
  // Sizes up to eight bytes meet in one granule.
  return (a.object >> 3) == (b.object >> 3) &&
         !(OnlyLooks(a.kind) && OnlyLooks(b.kind));
}

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_EVENT_H_

// What happened, step by step: kept only while an execution is told again for
// its story, because it costs more than the execution itself.
#ifndef REVEILLE_SANITIZERS_EXPLORE_HISTORY_H_
#define REVEILLE_SANITIZERS_EXPLORE_HISTORY_H_

#include <stdint.h>

#include "buffer.h"
#include "event.h"

namespace reveille::explore {

struct Fiber;

inline constexpr int kFramesPerStep = 12;

enum class Effect : uint8_t { kNone, kSaw, kChanged };

struct Step {
  uint64_t time;
  uint64_t before;  // value seen, or value before the change
  uint64_t after;
  uintptr_t object;
  uintptr_t released;  // the mutex that a wait on a condition gave back
  uintptr_t frames[kFramesPerStep];  // innermost first; ends with 0
  uint64_t reached;                  // wakeups: the threads woken, as bits
  uint32_t name;
  int8_t worker;  // which of a pool's workers the thread was; -1: none
  uint8_t thread;
  Kind kind;
  Effect effect;
  bool failed;    // a timed wait ran out, a try did not succeed
  bool preempts;  // another thread was running and could have gone on
  bool blocks;    // the operation had to wait
};

class History {
 public:
  static constexpr size_t kMostSteps = size_t{1} << 18;

  History() : steps_(kMostSteps) {}

  void Clear() { steps_.Clear(); }
  void Add(const Fiber* fiber, const PendingEvent& event);
  void Saw(uint64_t value);
  void Changed(uint64_t before, uint64_t after);
  // The last step of `thread` did not get what it wanted. Others may have done
  // something since.
  void Failed(int thread);
  // The last step had to wait, or reached `thread` with its wakeup.
  void Blocked();
  void Released(uintptr_t mutex);
  void Reached(int thread);

  const Buffer<Step>& steps() const { return steps_; }

 private:
  Buffer<Step> steps_;
  uint8_t last_thread_ = 0;
  size_t last_of_[64] = {};
};

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_HISTORY_H_

// Where threads meet: which objects, of all that the executions so far have
// touched, somebody changes and somebody else touches.
//
// An operation on any other object commutes with whatever the others could do.
// Many of a scheduler's operations are of this kind (its own counters, flags
// that nobody raises), and a choice before one of them is a choice about
// nothing, which thins out those that matter.
#ifndef REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_MEETINGS_H_
#define REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_MEETINGS_H_

#include <stddef.h>

#include "../strategy.h"

namespace reveille::explore {

// Whether an operation touches memory or a lock, and does nothing besides.
// Threads that begin, yield or wait concern everybody.
constexpr bool TouchesOneObject(Kind kind) {
  switch (kind) {
    case Kind::kLoad:
    case Kind::kStore:
    case Kind::kReadModifyWrite:
    case Kind::kCompareExchange:
    case Kind::kPlainRead:
    case Kind::kPlainWrite:
    case Kind::kLock:
    case Kind::kTryLock:
    case Kind::kUnlock:
      return true;
    default:
      return false;
  }
}

class Meetings {
 public:
  // An execution begins; what was learnt stays.
  void Begin() { seen_ = 0; }

  // Learns from what the enabled threads are about to do. Those of them whose
  // operation meets nobody, as far as it is known.
  uint64_t Watch(const ChoicePoint& at);

 private:
  static constexpr size_t kSlots = 8192;  // a power of two
  static constexpr int kProbes = 16;      // then the object counts as met

  struct Object {
    uintptr_t granule = 0;  // 0: free
    uint64_t touched = 0;   // by which threads
    uint64_t changed = 0;
  };

  Object* Find(uintptr_t granule);
  bool MeetsNobody(int thread, const PendingEvent& event);

  uint64_t seen_ = 0;   // threads whose number_ is of this execution
  uint64_t quiet_ = 0;  // threads whose pending operation meets nobody
  uint32_t number_[kMaxThreads + 1] = {};
  Object objects_[kSlots];
};

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_MEETINGS_H_

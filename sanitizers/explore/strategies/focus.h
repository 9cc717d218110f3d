// Focus: objects that a schedule is about, and how often each thread is going
// to touch them. A plan carries it, so that an input alone decides everything;
// it is drawn from what an execution shared.
#ifndef REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_FOCUS_H_
#define REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_FOCUS_H_

#include <stddef.h>
#include <stdint.h>

#include "../strategy.h"

namespace reveille::explore {

// 16 bits made of an address: the same in every process. 0 for what the loader
// puts elsewhere each time; two objects may share one, which does no harm.
uint16_t KeyOf(uintptr_t object);

struct Focus {
  static constexpr int kMostObjects = 3;
  static constexpr int kThreads = 8;

  int count = 0;
  uint16_t objects[kMostObjects] = {};
  // Operations on them, by thread; the last is of all threads beyond.
  uint8_t left[kThreads] = {};

  bool Has(uint16_t key) const {
    for (int i = 0; i < count; ++i) {
      if (objects[i] == key) return true;
    }
    return false;
  }
};

// Objects that were shared in other executions. A filter: what is in it is
// found in it, and now and then something else is, which is taken for shared,
// too.
struct KnownObjects {
  static constexpr int kBytes = 32;

  uint8_t bits[kBytes] = {};

  void Add(uint16_t key) { bits[ByteOf(key)] |= BitOf(key); }
  bool Has(uint16_t key) const { return (bits[ByteOf(key)] & BitOf(key)) != 0; }

 private:
  // The lowest bit of a key is always set.
  static size_t ByteOf(uint16_t key) { return (key >> 4) % kBytes; }
  static uint8_t BitOf(uint16_t key) {
    return static_cast<uint8_t>(1 << ((key >> 1) % 8));
  }
};

inline int FocusSlot(int thread) {
  return thread < Focus::kThreads ? thread : Focus::kThreads - 1;
}

// Which objects an execution's threads share.
class SharedObjects {
 public:
  // An execution begins: nothing is known.
  void Begin();
  // False: as far as this execution has shown, nobody else cares when this
  // operation takes place.
  bool Watch(int thread, const PendingEvent& event);

  // Adds one to the focus, more likely those with much to order. False: there
  // is none, or no place for one.
  bool AddTo(Focus* focus, uint64_t random) const;
  // Adds all of them.
  void AddTo(KnownObjects* known) const;

 private:
  static constexpr size_t kSlots = 512;  // a power of two
  static constexpr size_t kProbes = 8;   // then the object goes unseen

  struct Object {
    uintptr_t granule = 0;
    uint32_t serial = 0;  // the execution in which the rest is meant
    bool changes = false;
    uint8_t touchers = 0;  // as bits
    uint8_t touched[Focus::kThreads] = {};
  };
  static bool IsShared(const Object& object) {
    return object.changes && (object.touchers & (object.touchers - 1)) != 0;
  }
  // Null where there is no place left.
  Object* Find(uintptr_t granule);
  uint64_t WeightOf(const Object& object, const Focus& focus) const;

  uint32_t serial_ = 0;
  Object objects_[kSlots];
  int used_ = 0;  // of the slots, in the order in which they were taken
  uint16_t slots_[kSlots] = {};
};

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_FOCUS_H_

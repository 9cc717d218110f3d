// Names for what threads meet at: the n-th object that an execution touches is
// object n, wherever the loader and the linker put it.
//
// The hash of an execution is made of these names, so that it is the same in
// every process and for every build of the lens. Open addressing with an epoch
// per execution: starting anew costs nothing. Exploring kernel thread only.
#ifndef REVEILLE_SANITIZERS_EXPLORE_OBJECTS_H_
#define REVEILLE_SANITIZERS_EXPLORE_OBJECTS_H_

#include <stddef.h>
#include <stdint.h>

namespace reveille::explore {

struct Object {
  uintptr_t granule;    // address / 8
  uint32_t epoch;       // the execution in which the rest is meant
  uint32_t name;        // 1, 2, 3 ... in order of first use
  uintptr_t writer_pc;  // where it was last changed; 0: not in this execution
};

class Objects {
 public:
  // Forgets all objects.
  void Reset();

  Object* At(uintptr_t address) {
    const uintptr_t granule = address >> 3;
    Object* object = &slots_[SlotFor(granule)];
    if (object->granule == granule && object->epoch == epoch_) return object;
    return Find(granule);
  }

  uint32_t count() const { return count_; }

 private:
  static constexpr int kSlotBits = 16;
  static constexpr size_t kSlots = size_t{1} << kSlotBits;
  // Beyond this many, further objects share one name: the hash gets weaker,
  // nothing else changes.
  static constexpr uint32_t kNamed = kSlots / 2;

  static size_t SlotFor(uintptr_t granule) {
    return (granule * 0x9e3779b97f4a7c15) >> (64 - kSlotBits);
  }
  Object* Find(uintptr_t granule);

  Object slots_[kSlots] = {};
  Object nameless_ = {};
  uint32_t epoch_ = 0;
  uint32_t count_ = 0;
};

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_OBJECTS_H_

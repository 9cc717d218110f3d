#include "objects.h"

#include <string.h>

namespace reveille::explore {

void Objects::Reset() {
  count_ = 0;
  nameless_ = {};
  if (++epoch_ == 0) {
    // The counter came round: stale entries must not pass for fresh ones.
    memset(slots_, 0, sizeof slots_);
    epoch_ = 1;
  }
}

Object* Objects::Find(uintptr_t granule) {
  for (size_t slot = SlotFor(granule);; slot = (slot + 1) % kSlots) {
    Object* object = &slots_[slot];
    if (object->epoch == epoch_) {
      if (object->granule == granule) return object;
      continue;
    }
    if (count_ == kNamed) return &nameless_;
    *object = {granule, epoch_, ++count_, 0};
    return object;
  }
}

}  // namespace reveille::explore

#include "focus.h"

#include "../execution.h"
#include "../random.h"
#include "meetings.h"

namespace reveille::explore {

uint16_t KeyOf(uintptr_t object) {
  if (Stable(object) != object) return 0;
  return static_cast<uint16_t>(Scatter(object >> 3) | 1);
}

void SharedObjects::Begin() { ++serial_; }

bool SharedObjects::Watch(int thread, const PendingEvent& event) {
  const uint16_t key = KeyOf(event.object);
  if (key == 0) return true;
  for (size_t probe = 0; probe < kProbes; ++probe) {
    Object& object = objects_[((key >> 1) + probe) % kSlots];
    if (object.serial != serial_) {
      object = Object();
      object.serial = serial_;
      object.key = key;
    }
    if (object.key != key) continue;
    const int slot = FocusSlot(thread);
    uint8_t& touched = object.touched[slot];
    if (touched < 255) ++touched;
    object.changes |= !OnlyLooks(event.kind);
    object.touchers |= static_cast<uint8_t>(1 << slot);
    if (!TouchesOneObject(event.kind)) return true;
    return object.changes && object.touchers != 1 << slot;
  }
  return true;
}

// How much there is to order: operations of the second busiest thread.
uint64_t SharedObjects::WeightOf(const Object& object,
                                 const Focus& focus) const {
  if (object.serial != serial_ || !object.changes || focus.Has(object.key)) {
    return 0;
  }
  uint64_t most = 0;
  uint64_t second = 0;
  for (const uint8_t touched : object.touched) {
    if (touched > most) {
      second = most;
      most = touched;
    } else if (touched > second) {
      second = touched;
    }
  }
  return second;
}

bool SharedObjects::AddTo(Focus* focus, uint64_t random) const {
  if (focus->count >= Focus::kMostObjects) return false;
  uint64_t total = 0;
  for (const Object& object : objects_) total += WeightOf(object, *focus);
  if (total == 0) return false;
  uint64_t drawn = random % total;
  for (const Object& object : objects_) {
    const uint64_t weight = WeightOf(object, *focus);
    if (drawn >= weight) {
      drawn -= weight;
      continue;
    }
    focus->objects[focus->count++] = object.key;
    for (int i = 0; i < Focus::kThreads; ++i) {
      const int left = focus->left[i] + object.touched[i];
      focus->left[i] = static_cast<uint8_t>(left < 255 ? left : 255);
    }
    return true;
  }
  return false;
}

}  // namespace reveille::explore

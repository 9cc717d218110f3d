#include "focus.h"

#include "../execution.h"
#include "../random.h"
#include "meetings.h"

namespace reveille::explore {

namespace {

uint16_t KeyOfGranule(uintptr_t granule) {
  return static_cast<uint16_t>(Scatter(granule) | 1);
}

}  // namespace

uint16_t KeyOf(uintptr_t object) {
  return IsStable(object) ? KeyOfGranule(object >> 3) : 0;
}

void SharedObjects::Begin() {
  ++serial_;
  used_ = 0;
}

SharedObjects::Object* SharedObjects::Find(uintptr_t granule) {
  size_t slot = (granule * 0x9e3779b97f4a7c15) >> 40;
  for (size_t probe = 0; probe < kProbes; ++probe, ++slot) {
    Object& object = objects_[slot % kSlots];
    if (object.serial != serial_) {
      object = Object();
      object.serial = serial_;
      object.granule = granule;
      slots_[used_++] = static_cast<uint16_t>(slot % kSlots);
      return &object;
    }
    if (object.granule == granule) return &object;
  }
  return nullptr;
}

bool SharedObjects::Watch(int thread, const PendingEvent& event) {
  if (!IsStable(event.object)) return true;
  Object* object = Find(event.object >> 3);
  if (object == nullptr) return true;
  const int slot = FocusSlot(thread);
  uint8_t& touched = object->touched[slot];
  if (touched < 255) ++touched;
  object->changes |= !OnlyLooks(event.kind);
  object->touchers |= static_cast<uint8_t>(1 << slot);
  if (!TouchesOneObject(event.kind)) return true;
  return object->changes && object->touchers != 1 << slot;
}

// How much there is to order: operations of the second busiest thread.
uint64_t SharedObjects::WeightOf(const Object& object,
                                 const Focus& focus) const {
  if (!IsShared(object) || focus.Has(KeyOfGranule(object.granule))) return 0;
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

void SharedObjects::AddTo(KnownObjects* known) const {
  for (int i = 0; i < used_; ++i) {
    const Object& object = objects_[slots_[i]];
    if (IsShared(object)) known->Add(KeyOfGranule(object.granule));
  }
}

bool SharedObjects::AddTo(Focus* focus, uint64_t random) const {
  if (focus->count >= Focus::kMostObjects) return false;
  uint64_t total = 0;
  for (int i = 0; i < used_; ++i) {
    total += WeightOf(objects_[slots_[i]], *focus);
  }
  if (total == 0) return false;
  uint64_t drawn = random % total;
  for (int i = 0; i < used_; ++i) {
    const Object& object = objects_[slots_[i]];
    const uint64_t weight = WeightOf(object, *focus);
    if (drawn >= weight) {
      drawn -= weight;
      continue;
    }
    focus->objects[focus->count++] = KeyOfGranule(object.granule);
    for (int k = 0; k < Focus::kThreads; ++k) {
      const int left = focus->left[k] + object.touched[k];
      focus->left[k] = static_cast<uint8_t>(left < 255 ? left : 255);
    }
    return true;
  }
  return false;
}

}  // namespace reveille::explore

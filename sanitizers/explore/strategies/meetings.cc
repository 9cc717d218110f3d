#include "meetings.h"

namespace reveille::explore {

Meetings::Object* Meetings::Find(uintptr_t granule) {
  size_t slot = (granule * 0x9e3779b97f4a7c15) >> 40;
  for (int probe = 0; probe < kProbes; ++probe, ++slot) {
    Object& object = objects_[slot & (kSlots - 1)];
    if (object.granule == granule) return &object;
    if (object.granule != 0) continue;
    object.granule = granule;
    return &object;
  }
  return nullptr;
}

bool Meetings::MeetsNobody(int thread, const PendingEvent& event) {
  if (!TouchesOneObject(event.kind)) return false;
  Object* object = Find(event.object >> 3);
  if (object == nullptr) return false;
  const uint64_t bit = uint64_t{1} << thread;
  object->touched |= bit;
  if (!OnlyLooks(event.kind)) object->changed |= bit;
  return object->changed == 0 || object->touched == bit;
}

uint64_t Meetings::Watch(const ChoicePoint& at) {
  for (uint64_t rest = at.threads; rest != 0; rest &= rest - 1) {
    const int thread = __builtin_ctzll(rest);
    const uint64_t bit = uint64_t{1} << thread;
    const PendingEvent& event = at.pending[thread];
    if (Contains(seen_, thread) && number_[thread] == event.number) continue;
    seen_ |= bit;
    number_[thread] = event.number;
    quiet_ &= ~bit;
    if (MeetsNobody(thread, event)) quiet_ |= bit;
  }
  return quiet_ & at.threads;
}

}  // namespace reveille::explore

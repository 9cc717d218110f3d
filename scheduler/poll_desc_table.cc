#include "scheduler/poll_desc_table.h"

#include <bit>

namespace reveille::internal {

PollDescTable::Place PollDescTable::PlaceOf(int fd) {
  const uint32_t leaf = static_cast<uint32_t>(fd) >> kLeafBits;
  const auto segment = static_cast<uint32_t>(std::bit_width(leaf));
  return {segment, segment == 0 ? 0 : leaf - (1u << (segment - 1))};
}

PollDesc* PollDescTable::Find(int fd) const {
  if (!InRange(fd)) return nullptr;
  const Place place = PlaceOf(fd);
  const Slot* segment = segments_[place.segment].load();
  if (segment == nullptr) return nullptr;
  Leaf* leaf = segment[place.index].load();
  if (leaf == nullptr) return nullptr;
  return &leaf->descs[fd & ((1 << kLeafBits) - 1)];
}

PollDesc* PollDescTable::FindOrCreate(int fd) {
  if (!InRange(fd)) return nullptr;
  if (PollDesc* desc = Find(fd); desc != nullptr) return desc;
  Grow(PlaceOf(fd));
  return Find(fd);
}

// Owned before it is published, so that no failure of an allocation leaves a
// pointer to what is gone.
void PollDescTable::Grow(Place place) {
  MutexLock lock(&mutex_);
  std::atomic<Slot*>& segment = segments_[place.segment];
  if (segment.load() == nullptr) {
    const uint32_t length = place.segment == 0 ? 1 : 1u << (place.segment - 1);
    owned_segments_.push_back(std::make_unique<Slot[]>(length));
    segment.store(owned_segments_.back().get());
  }
  Slot& slot = segment.load()[place.index];
  if (slot.load() != nullptr) return;
  owned_leaves_.push_back(std::make_unique<Leaf>());
  slot.store(owned_leaves_.back().get());
}

}  // namespace reveille::internal

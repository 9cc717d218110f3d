// The PollDescs of all descriptors, by number.
//
// They lie in leaves of sixteen; pointers to the leaves lie in segments that
// double in length, so that neither ever moves. What nobody has waited for has
// no leaf: an empty table is a few words, and one with a descriptor in it is as
// large as the number of that descriptor asks for.
//
// Who may call: any thread. A PollDesc stays where it is until the table goes.
#ifndef REVEILLE_SCHEDULER_POLL_DESC_TABLE_H_
#define REVEILLE_SCHEDULER_POLL_DESC_TABLE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "reveille/internal/mutex.h"
#include "scheduler/poll_desc.h"

namespace reveille::internal {

class PollDescTable {
 public:
  static constexpr int kFdBits = 21;
  static constexpr int kMaxFds = 1 << kFdBits;  // Descriptors below 2 M.

  // Null: nobody has asked for it with FindOrCreate().
  PollDesc* Find(int fd) const;
  // Null: the number is out of range.
  PollDesc* FindOrCreate(int fd);

 private:
  static constexpr int kLeafBits = 4;
  static constexpr int kSegments = kFdBits - kLeafBits + 1;
  struct Leaf {
    PollDesc descs[1 << kLeafBits];
  };
  using Slot = std::atomic<Leaf*>;
  // Where the pointer to a leaf is. Segment 0 has one, segment s > 0 has
  // 2^(s-1).
  struct Place {
    uint32_t segment;
    uint32_t index;
  };
  static Place PlaceOf(int fd);
  static bool InRange(int fd) { return fd >= 0 && fd < kMaxFds; }
  void Grow(Place place);

  std::atomic<Slot*> segments_[kSegments] = {};
  Mutex mutex_;  // One at a time grows the table.
  std::vector<std::unique_ptr<Slot[]>> owned_segments_
      REVEILLE_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Leaf>> owned_leaves_ REVEILLE_GUARDED_BY(mutex_);
};

}  // namespace reveille::internal

#endif  // REVEILLE_SCHEDULER_POLL_DESC_TABLE_H_

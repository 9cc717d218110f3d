// The operations that matter: those from which the end of an execution came
// about, the nearest first.
//
// From the steps that the end is made of (who sleeps where, what they missed),
// a walk goes backwards: to the change that a look met, to the change that it
// missed, to the wakeup that ended a wait, to the creation of a thread, and
// within a thread to the last step before at which another thread's doing
// reached it or its own reached another. Each of these costs something, and
// what costs least is kept as far as there is room.
#ifndef REVEILLE_SANITIZERS_EXPLORE_SLICE_H_
#define REVEILLE_SANITIZERS_EXPLORE_SLICE_H_

#include "links.h"

namespace reveille::explore {

class Slice {
 public:
  Slice(const Buffer<Step>& steps, const Links& links);

  // This step belongs to the end; the smaller the cost the more certainly.
  void Begin(uint32_t step, int cost);
  // Walks until so many steps are kept.
  void Grow(size_t most);

  bool Has(uint32_t step) const { return kept_[step] != 0; }
  size_t count() const { return count_; }

 private:
  static constexpr int kMostCost = 12;

  void Reach(uint32_t step, int cost);
  void Keep(uint32_t step, int cost);
  bool IsMeeting(uint32_t step) const;
  uint32_t MeetingBefore(uint32_t step) const;

  const Buffer<Step>& steps_;
  const Links& links_;
  Buffer<uint8_t> kept_{History::kMostSteps};
  Buffer<uint32_t> reached_[kMostCost + 1];  // by cost; may hold kept ones
  size_t count_ = 0;
};

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_SLICE_H_

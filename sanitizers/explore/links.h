// Who met whom: for each step of a history, the steps of others that it has to
// do with.
#ifndef REVEILLE_SANITIZERS_EXPLORE_LINKS_H_
#define REVEILLE_SANITIZERS_EXPLORE_LINKS_H_

#include "history.h"

namespace reveille::explore {

inline constexpr uint32_t kNoStep = ~uint32_t{0};

struct Link {
  // One object at one address. Memory that was set up anew in between, which
  // shows by its value, is another thing.
  uint32_t thing;
  uint32_t own_before;      // the thread's step before this one
  uint32_t thing_before;    // the step before at the same thing, by anybody
  uint32_t written_by;      // the change of the thing that this step met
  uint32_t overwritten_by;  // the first change after it by another thread
  // The object did not look like this when the thread last saw it: another
  // thread's change brought news.
  bool is_news;
};

class Links {
 public:
  explicit Links(const Buffer<Step>& steps);

  const Link& operator[](size_t step) const { return links_[step]; }
  size_t size() const { return links_.size(); }
  uint32_t LastOf(int thread) const { return last_of_[thread]; }

  // The wakeup that ended the wait of step `wait`; kNoStep for none.
  uint32_t WakerOf(size_t wait) const;
  // The step that created `thread`.
  uint32_t CreatorOf(int thread) const;
  // Whether the thing still is as step `change` left it, at the end.
  bool IsLastChange(uint32_t change) const {
    return last_change_[links_[change].thing] == change;
  }
  // Whether step `change` puts the thing back to what it was at first: that is
  // how things are taken back, not how something is left for others.
  bool IsReturn(uint32_t change) const;
  // Whether several threads have to do with the thing.
  bool IsShared(uint32_t thing) const {
    return (threads_[thing] & (threads_[thing] - 1)) != 0;
  }
  // Whether another thread looked at what step `change` wrote.
  bool WasSeen(size_t change) const { return seen_[change] != kUnseen; }
  // The same, and not only to change it further.
  bool WasLookedAt(size_t change) const { return seen_[change] == kLookedAt; }

 private:
  enum : uint8_t { kUnseen, kMet, kLookedAt };

  void NameThings();
  void LinkForwards();
  void LinkBackwards();

  const Buffer<Step>& steps_;
  Buffer<Link> links_{History::kMostSteps};
  Buffer<uint8_t> seen_{History::kMostSteps};
  // By thing.
  Buffer<uint32_t> last_change_{History::kMostSteps + 1};
  Buffer<uint64_t> first_value_{History::kMostSteps + 1};
  Buffer<uint64_t> threads_{History::kMostSteps + 1};
  uint32_t last_of_[64];
  uint32_t things_ = 0;
};

// Whether the step's values are those of memory, so that they can be compared
// with what was written before.
bool HasMemoryValue(const Step& step);
// Whether the step belongs to an object that threads may share.
bool HasObject(Kind kind);
// Whether it takes or gives back a lock.
bool IsLockOperation(Kind kind);

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_LINKS_H_

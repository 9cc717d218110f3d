// Selectively uniform random walk: even over the orders of one object's events.
//
// Each execution cares about one shared object, or a few. Which thread does the
// next operation on it is drawn in proportion to how many such operations each
// thread still has to do (learnt from executions before); everything else runs
// by random priorities: fixed ones of the threads, as the paper has it, or one
// for each operation (pos.h), which starves nobody for a whole execution.
// Operations of threads that do not exist yet count for thread 0, which usually
// creates them.
#ifndef REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_SURW_H_
#define REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_SURW_H_

#include "operation_priorities.h"
#include "priorities.h"

namespace reveille::explore {

class Surw final : public Strategy {
 public:
  static constexpr int kMostInterests = 4;
  // By what runs whatever is not of interest.
  enum class Rest { kThreadPriorities, kOperationPriorities };

  // One object, then another one with probability 1/2, up to so many.
  Surw(Rest rest, int most_interests)
      : rest_(rest),
        most_interests_(most_interests > kMostInterests ? kMostInterests
                                                        : most_interests) {}

  bool Begin(uint64_t key) override;
  uint32_t Choose(const ChoicePoint& at) override;
  void End(const ExecutionSummary& summary) override;

 private:
  static constexpr int kObjects = 512;
  static constexpr size_t kSlots = size_t{4} * kObjects;
  static constexpr int kProfiled = 24;  // threads beyond share a counter

  // What is known about an object, from the executions before.
  struct Profile {
    uintptr_t granule = 0;
    uint64_t threads = 0;  // that touched it
    uint32_t writes = 0;
    uint16_t now[kProfiled] = {};   // operations in this execution
    uint16_t last[kProfiled] = {};  // operations in one before
  };

  Profile* ProfileOf(uintptr_t object);
  void Learn(const ChoicePoint& at);
  uint64_t WeightOf(const Profile& profile) const;
  bool IsInterest(uintptr_t granule) const;
  void PickInterests();
  void PickInterest(uint64_t drawn);
  int HighestThread(uint64_t threads, const PendingEvent* pending);
  uint64_t LeftOf(int thread) const;
  int DrawIntended(uint64_t threads, uint64_t seen);
  uint32_t ChooseThread(const ChoicePoint& at);

  const Rest rest_;
  const int most_interests_;
  Random random_;
  Priorities priorities_;
  OperationPriorities operations_;
  // In the order in which they were first met: addresses differ from process
  // to process and must not decide anything. Slots find them by address.
  Profile profiles_[kObjects];
  int profile_count_ = 0;
  uint16_t slots_[kSlots] = {};  // index + 1
  uint64_t executions_ = 0;
  uintptr_t interests_[kMostInterests] = {};  // granules
  int interest_count_ = 0;                    // 0: walk randomly
  uint16_t left_[kProfiled] = {};
  int intended_ = -1;
  uint64_t seen_threads_ = 0;
  uint32_t number_[kMaxThreads + 1] = {};
};

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_SURW_H_

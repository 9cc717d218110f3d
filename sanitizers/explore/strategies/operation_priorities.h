// A random priority for every single operation, as partial order sampling has
// it: whoever was about to do something that conflicts with what is done now
// draws again.
#ifndef REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_OPERATION_PRIORITIES_H_
#define REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_OPERATION_PRIORITIES_H_

#include "../random.h"
#include "../strategy.h"

namespace reveille::explore {

class OperationPriorities {
 public:
  void Reset(Random* random) {
    random_ = random;
    drawn_ = 0;
  }

  // Whose pending operation is the highest. `threads` is not empty.
  int HighestThread(uint64_t threads, const PendingEvent* pending);

  // The pending operation of `thread` is done now.
  void Done(const ChoicePoint& at, int thread);

 private:
  void DrawForNewOperations(uint64_t threads, const PendingEvent* pending);

  Random* random_ = nullptr;
  uint64_t drawn_ = 0;  // threads whose priority stands
  uint64_t priority_[kMaxThreads + 1] = {};
  uint32_t number_[kMaxThreads + 1] = {};  // operation the priority is for
};

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_OPERATION_PRIORITIES_H_

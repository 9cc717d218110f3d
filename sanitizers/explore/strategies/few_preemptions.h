// Threads run until they block, but for a few preemptions at random places.
//
// Most concurrency bugs need one to three preemptions (Musuvathi and Qadeer,
// PLDI 2007). With so few of them a schedule is one that a person can follow,
// which is why shrinking looks for its schedules here.
#ifndef REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_FEW_PREEMPTIONS_H_
#define REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_FEW_PREEMPTIONS_H_

#include "../buffer.h"
#include "../random.h"
#include "../strategy.h"

namespace reveille::explore {

class FewPreemptions final : public Strategy {
 public:
  static constexpr int kMost = 16;

  // Choices of the program's own are taken from `wanted`, in order, as long as
  // there are any; it must outlive the strategy.
  FewPreemptions(int preemptions, const Buffer<uint32_t>* wanted)
      : preemptions_(preemptions > kMost ? kMost : preemptions),
        wanted_(wanted) {}

  bool Begin(uint64_t key) override;
  uint32_t Choose(const ChoicePoint& at) override;
  void End(const ExecutionSummary&) override;

 private:
  uint32_t ChooseThread(const ChoicePoint& at);
  uint32_t ChooseForTheProgram(const ChoicePoint& at);
  bool PreemptsNow();

  int preemptions_;
  const Buffer<uint32_t>* wanted_;
  Random random_;
  size_t asked_ = 0;           // choices of the program's own so far
  uint32_t places_ = 0;        // where the running thread could go on, so far
  uint32_t last_length_ = 64;  // of them, in the execution before
  uint32_t preempt_at_[kMost] = {};
};

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_FEW_PREEMPTIONS_H_

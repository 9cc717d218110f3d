// A schedule, followed to the letter or as well as it goes.
#ifndef REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_REPLAY_H_
#define REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_REPLAY_H_

#include "../strategy.h"

namespace reveille::explore {

// Follows `choices`, which must outlive it. Where they do not fit (another
// kind of choice, a thread that is not enabled, too few) it goes on with the
// running thread, or else the lowest option, and counts a departure.
class Replay final : public Strategy {
 public:
  Replay(const Choice* choices, size_t count)
      : choices_(choices), count_(count) {}

  bool Begin(uint64_t key) override;
  uint32_t Choose(const ChoicePoint& at) override;
  void End(const ExecutionSummary&) override {}

  size_t departures() const { return departures_; }
  // Index of the first one.
  size_t departed_at() const { return departed_at_; }
  size_t followed() const { return next_; }

 private:
  // False when `choice` does not fit `at`.
  static bool OptionFor(const ChoicePoint& at, const Choice& choice,
                        uint32_t* option);

  const Choice* choices_;
  size_t count_;
  size_t next_ = 0;
  size_t departures_ = 0;
  size_t departed_at_ = 0;
};

// What a schedule means where it says nothing: no preemption, nothing rare.
uint32_t DefaultOption(const ChoicePoint& at);

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_STRATEGIES_REPLAY_H_

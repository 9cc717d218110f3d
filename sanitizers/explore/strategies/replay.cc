#include "replay.h"

namespace reveille::explore {

bool Replay::Begin(uint64_t) {
  next_ = 0;
  departures_ = 0;
  departed_at_ = 0;
  return true;
}

bool Replay::OptionFor(const ChoicePoint& at, const Choice& choice,
                       uint32_t* option) {
  if (choice.tag != static_cast<uint32_t>(at.tag)) return false;
  if (at.tag != Tag::kThread) {
    *option = choice.value;
    return choice.value < at.count;
  }
  const int thread = static_cast<int>(choice.value);
  if (thread > kClockThread || !Contains(at.threads, thread)) return false;
  *option = OptionOf(at.threads, thread);
  return true;
}

uint32_t Replay::Choose(const ChoicePoint& at) {
  uint32_t option;
  if (next_ < count_) {
    const Choice& choice = choices_[next_++];
    if (OptionFor(at, choice, &option)) return option;
  }
  if (departures_++ == 0) departed_at_ = next_;
  return DefaultOption(at);
}

uint32_t DefaultOption(const ChoicePoint& at) {
  if (at.tag != Tag::kThread || !Contains(at.threads, at.running)) return 0;
  return OptionOf(at.threads, at.running);
}

}  // namespace reveille::explore

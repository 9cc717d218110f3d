#include "stress/scenarios/legs.h"

#include <functional>
#include <utility>

#include "stress/scenarios/pace.h"

namespace reveille::stress {

Legs::Legs(Round& round, int size, const std::vector<int>& carriers)
    : round_(round), size_(size) {
  for (const int carrier : carriers) legs_.emplace_back(round, size, carrier);
}

void Legs::Run() {
  Submit(0);
  for (size_t i = 0; i + 1 < legs_.size() && !round_.stopping(); ++i) {
    if (legs_[i].carrier != kOutside) continue;
    AwaitEndOf(legs_[i].meeting);
    Submit(i + 1);
  }
}

void Legs::Submit(size_t number) {
  if (number >= legs_.size()) return;
  std::vector<std::function<void()>> tasks;
  for (int i = 0; i < size_; ++i) {
    tasks.push_back([this, number, i] {
      Leg& leg = legs_[number];
      leg.meeting.Arrive();
      if (leg.carrier == i) Submit(number + 1);
    });
  }
  round_.SubmitTogether(std::move(tasks));
}

// Until the tasks of the meeting are on their way out; of this one, for others
// of the round may wait for what the caller does next. After a while on real
// threads with sleeps: who looks for ever takes a processor from those who
// hang.
void Legs::AwaitEndOf(const Meeting& meeting) const {
  constexpr int kLooks = 20'000;
  constexpr int64_t kSleepNs = 200'000;
  if (round_.tiny()) return SpinUntil(true, [&] { return meeting.Complete(); });
  for (int look = 0; !meeting.Complete(); ++look) {
    if (look >= kLooks) Sleep(kSleepNs);
  }
}

}  // namespace reveille::stress

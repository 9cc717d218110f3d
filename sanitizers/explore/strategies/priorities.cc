#include "priorities.h"

namespace reveille::explore {

void Priorities::Update(uint64_t threads, const PendingEvent* pending) {
  for (; threads != 0; threads &= threads - 1) {
    const int thread = __builtin_ctzll(threads);
    if (!Contains(known_, thread)) {
      known_ |= uint64_t{1} << thread;
      constexpr int64_t kBase = int64_t{1} << 62;
      priority_[thread] = kBase | static_cast<int64_t>(random_->Next() >> 3);
      held_[thread] = pending[thread].held;
    } else if (held_[thread] != pending[thread].held) {
      held_[thread] = pending[thread].held;
      Sink(thread);
    }
  }
}

int Priorities::HighestThread(uint64_t threads, const PendingEvent* pending) {
  Update(threads, pending);
  int best = __builtin_ctzll(threads);
  for (; threads != 0; threads &= threads - 1) {
    const int thread = __builtin_ctzll(threads);
    if (priority_[thread] > priority_[best]) best = thread;
  }
  // It yields now; afterwards everybody else comes first.
  if (pending[best].kind == Kind::kYield) Sink(best);
  return best;
}

uint32_t Priorities::Highest(const ChoicePoint& at) {
  return OptionOf(at.threads, HighestThread(at.threads, at.pending));
}

}  // namespace reveille::explore

#include "operation_priorities.h"

namespace reveille::explore {

void OperationPriorities::DrawForNewOperations(uint64_t threads,
                                               const PendingEvent* pending) {
  for (; threads != 0; threads &= threads - 1) {
    const int thread = __builtin_ctzll(threads);
    const uint32_t number = pending[thread].number;
    if (Contains(drawn_, thread) && number_[thread] == number) continue;
    drawn_ |= uint64_t{1} << thread;
    number_[thread] = number;
    priority_[thread] = random_->Next();
  }
}

int OperationPriorities::HighestThread(uint64_t threads,
                                       const PendingEvent* pending) {
  DrawForNewOperations(threads, pending);
  int best = __builtin_ctzll(threads);
  for (; threads != 0; threads &= threads - 1) {
    const int thread = __builtin_ctzll(threads);
    if (priority_[thread] > priority_[best]) best = thread;
  }
  return best;
}

void OperationPriorities::Done(const ChoicePoint& at, int thread) {
  drawn_ &= ~(uint64_t{1} << thread);
  const PendingEvent& event = at.pending[thread];
  for (uint64_t rest = at.threads; rest != 0; rest &= rest - 1) {
    const int other = __builtin_ctzll(rest);
    if (Conflict(event, at.pending[other])) drawn_ &= ~(uint64_t{1} << other);
  }
}

}  // namespace reveille::explore

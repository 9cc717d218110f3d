#include "pos.h"

#include "random_walk.h"

namespace reveille::explore {

bool Pos::Begin(uint64_t key) {
  random_ = Random(key);
  drawn_ = 0;
  return true;
}

void Pos::DrawForNewOperations(const ChoicePoint& at) {
  for (uint64_t rest = at.threads; rest != 0; rest &= rest - 1) {
    const int thread = __builtin_ctzll(rest);
    const uint32_t number = at.pending[thread].number;
    if (Contains(drawn_, thread) && number_[thread] == number) continue;
    drawn_ |= uint64_t{1} << thread;
    number_[thread] = number;
    priority_[thread] = random_.Next();
  }
}

void Pos::RedrawConflicting(const ChoicePoint& at, int chosen) {
  drawn_ &= ~(uint64_t{1} << chosen);
  const PendingEvent& event = at.pending[chosen];
  for (uint64_t rest = at.threads; rest != 0; rest &= rest - 1) {
    const int thread = __builtin_ctzll(rest);
    if (Conflict(event, at.pending[thread])) {
      drawn_ &= ~(uint64_t{1} << thread);
    }
  }
}

uint32_t Pos::Choose(const ChoicePoint& at) {
  if (at.tag != Tag::kThread) return ChooseOther(at, &random_);
  DrawForNewOperations(at);
  int best = __builtin_ctzll(at.threads);
  for (uint64_t rest = at.threads; rest != 0; rest &= rest - 1) {
    const int thread = __builtin_ctzll(rest);
    if (priority_[thread] > priority_[best]) best = thread;
  }
  RedrawConflicting(at, best);
  return OptionOf(at.threads, best);
}

}  // namespace reveille::explore

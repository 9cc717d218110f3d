#include "pos.h"

#include "random_walk.h"

namespace reveille::explore {

bool Pos::Begin(uint64_t key) {
  random_ = Random(key);
  priorities_.Reset(&random_);
  return true;
}

uint32_t Pos::Choose(const ChoicePoint& at) {
  if (at.tag != Tag::kThread) return ChooseOther(at, &random_);
  const int thread = priorities_.HighestThread(at.threads, at.pending);
  priorities_.Done(at, thread);
  return OptionOf(at.threads, thread);
}

}  // namespace reveille::explore

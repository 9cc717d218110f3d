#include "directed.h"

#include "replay.h"

namespace reveille::explore {
namespace {

bool IsPreemption(const ChoicePoint& at, uint32_t value) {
  return at.tag == Tag::kThread && Contains(at.threads, at.running) &&
         at.pending[at.running].kind != Kind::kYield && value != at.running;
}

}  // namespace

uint16_t Moments::Occurrence(const ChoicePoint& at) {
  const int thread = at.running;
  const uint32_t number = at.pending[thread].number;
  if (!Contains(fresh_, thread) || number_[thread] != number) {
    fresh_ |= uint64_t{1} << thread;
    number_[thread] = number;
    count_[thread] = 0;
  }
  return count_[thread]++;
}

bool Directed::Begin(uint64_t) {
  moments_.Reset();
  return true;
}

uint32_t Directed::Choose(const ChoicePoint& at) {
  const uint16_t occurrence = moments_.Occurrence(at);
  const uint32_t number = at.pending[at.running].number;
  for (size_t i = 0; i < count_; ++i) {
    const Directive& directive = directives_[i];
    if (directive.running != at.running || directive.number != number ||
        directive.occurrence != occurrence || directive.tag != at.tag) {
      continue;
    }
    if (at.tag != Tag::kThread) {
      if (directive.value < at.count) return directive.value;
    } else if (Contains(at.threads, static_cast<int>(directive.value))) {
      return OptionOf(at.threads, static_cast<int>(directive.value));
    }
  }
  return DefaultOption(at);
}

bool Recorder::Begin(uint64_t key) {
  moments_.Reset();
  directives_->Clear();
  return followed_->Begin(key);
}

uint32_t Recorder::Choose(const ChoicePoint& at) {
  const uint16_t occurrence = moments_.Occurrence(at);
  const uint32_t option = followed_->Choose(at);
  if (option == DefaultOption(at)) return option;
  const bool threads = at.tag == Tag::kThread;
  const uint32_t value =
      threads ? static_cast<uint32_t>(ThreadAt(at.threads, option)) : option;
  directives_->Push({at.pending[at.running].number, value, occurrence,
                     at.running, at.tag, IsPreemption(at, value)});
  return option;
}

}  // namespace reveille::explore

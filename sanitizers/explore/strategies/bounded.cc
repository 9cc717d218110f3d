#include "bounded.h"

namespace reveille::explore {
namespace {

constexpr size_t kDeepest = size_t{1} << 20;
// Choices with more options than this are not enumerated.
constexpr uint32_t kWidest = 64;

}  // namespace

Bounded::Bounded(int preemptions) : limit_(preemptions), nodes_(kDeepest) {}

bool Bounded::Begin(uint64_t) {
  depth_ = 0;
  return !complete_ && !diverged_;
}

// The options in the order of trying: the running thread first.
uint32_t Bounded::OptionAt(const Node& node, uint32_t position) {
  if (node.tag != Tag::kThread || !Contains(node.threads, node.running)) {
    return position;
  }
  const uint32_t running = OptionOf(node.threads, node.running);
  if (position == 0) return running;
  return position <= running ? position - 1 : position;
}

bool Bounded::Fits(const Node& node, const ChoicePoint& at) {
  return node.tag == at.tag && node.count == at.count &&
         node.threads == at.threads && node.running == at.running;
}

bool Bounded::Costs(const Node& node, uint32_t position) {
  return node.tag == Tag::kThread && !node.may_switch_free && position > 0;
}

uint32_t Bounded::PositionsOf(const Node& node) const {
  if (node.count > kWidest || node.hopeless) return 1;
  const bool poor = node.preemptions >= static_cast<uint32_t>(bound_);
  if (node.tag == Tag::kThread && !node.may_switch_free && poor) return 1;
  return node.count;
}

void Bounded::Push(const ChoicePoint& at) {
  Node node = {at.threads, at.count, 0,    0,
               at.running, at.tag,   true, at.hopeless};
  if (!nodes_.empty()) {
    const Node& last = nodes_.back();
    node.preemptions = last.preemptions + (Costs(last, last.tried) ? 1 : 0);
  }
  if (at.tag == Tag::kThread && Contains(at.threads, at.running)) {
    node.may_switch_free = at.pending[at.running].kind == Kind::kYield;
  }
  if (!nodes_.Push(node)) diverged_ = true;
}

uint32_t Bounded::Choose(const ChoicePoint& at) {
  if (depth_ == nodes_.size()) Push(at);
  if (diverged_ || !Fits(nodes_[depth_], at)) {
    diverged_ = true;
    return 0;
  }
  const Node& node = nodes_[depth_++];
  return OptionAt(node, node.tried);
}

// The next schedule in depth-first order; false when there is none left.
bool Bounded::Advance() {
  while (!nodes_.empty()) {
    Node& node = nodes_.back();
    if (node.tried + 1 < PositionsOf(node)) {
      ++node.tried;
      return true;
    }
    nodes_.Pop();
  }
  return false;
}

void Bounded::End(const ExecutionSummary&) {
  ++schedules_;
  nodes_.Truncate(depth_);
  if (diverged_ || Advance()) return;
  if (bound_ == limit_) {
    complete_ = true;
    return;
  }
  ++bound_;
  schedules_ = 0;
}

}  // namespace reveille::explore

#include "shrink.h"

#include "native.h"
#include "strategies/bounded.h"
#include "strategies/few_preemptions.h"

namespace reveille::explore {
namespace {

// Delta debugging over directives: leave out halves, quarters, ... and keep
// what is left whenever the problem is still there.
class Shrinking {
 public:
  Shrinking(const Program& program, double seconds, uint64_t cause,
            Schedule* schedule)
      : trial_(program),
        end_(native::MonotonicNanoseconds() +
             static_cast<uint64_t>(seconds * 1e9)),
        cause_(cause),
        schedule_(schedule) {}

  Shrunk Run(double seconds, bool restartable);

 private:
  bool TimeIsUp() const { return native::MonotonicNanoseconds() > end_; }
  bool ShowsTheProblem() const;
  // Runs what is in tried_; keeps it if it shows the problem in fewer words.
  bool Try();
  // Without directives [from, from + count).
  bool TryWithout(size_t from, size_t count);
  // Without two that may only make sense together: there and back again.
  bool TryWithoutPair(size_t first, size_t second);
  bool LeaveOutAPair();
  void Keep();
  void LeaveOutChunks(size_t size);
  void LeaveOutDirectives();
  // Random places for fewer preemptions, fewest first. Keeps what it finds.
  void DrawFewerPreemptions(double seconds);
  // Depth first, fewest preemptions first. Keeps what it finds.
  void LookForFewerPreemptions(double seconds);
  int Preemptions() const;
  Shrunk Summary() const;

  Trial trial_;
  uint64_t end_;
  uint64_t cause_;
  Schedule* schedule_;
  Buffer<Directive> kept_{kMostDirectives};
  Buffer<Directive> tried_{kMostDirectives};
  uint64_t trials_ = 0;
  bool done_ = false;
  bool fewest_ = false;
};

bool Shrinking::ShowsTheProblem() const {
  const Outcome& outcome = trial_.remains().outcome;
  return outcome.verdict == schedule_->verdict && outcome.cause == cause_;
}

void Shrinking::Keep() {
  const Remains& remains = trial_.remains();
  kept_.Assign(trial_.directives(), remains.directive_count);
  schedule_->choices.Assign(trial_.choices(), remains.choice_count);
  schedule_->hash = remains.outcome.hash;
}

bool Shrinking::Try() {
  ++trials_;
  if (!trial_.Obey(tried_.data(), tried_.size(), schedule_->limits)) {
    return false;
  }
  // What counts is what happened: directives that never applied are gone.
  if (!ShowsTheProblem()) return false;
  if (trial_.remains().directive_count >= kept_.size()) return false;
  Keep();
  return true;
}

bool Shrinking::TryWithout(size_t from, size_t count) {
  tried_.Clear();
  for (size_t i = 0; i < kept_.size(); ++i) {
    if (i < from || i >= from + count) tried_.Push(kept_[i]);
  }
  return Try();
}

bool Shrinking::TryWithoutPair(size_t first, size_t second) {
  tried_.Clear();
  for (size_t i = 0; i < kept_.size(); ++i) {
    if (i != first && i != second) tried_.Push(kept_[i]);
  }
  return Try();
}

bool Shrinking::LeaveOutAPair() {
  for (size_t distance = 2; distance < kept_.size(); ++distance) {
    for (size_t i = 0; i + distance < kept_.size(); ++i) {
      if (TimeIsUp()) return false;
      if (TryWithoutPair(i, i + distance)) return true;
    }
  }
  return false;
}

void Shrinking::LeaveOutChunks(size_t size) {
  size_t from = 0;
  while (from < kept_.size() && !TimeIsUp()) {
    if (!TryWithout(from, size)) from += size;
  }
}

int Shrinking::Preemptions() const {
  int preemptions = 0;
  for (const Directive& directive : kept_) {
    if (directive.preempts) ++preemptions;
  }
  return preemptions;
}

Shrunk Shrinking::Summary() const {
  Shrunk shrunk;
  shrunk.done = done_;
  shrunk.directives = kept_.size();
  shrunk.trials = trials_;
  shrunk.preemptions = Preemptions();
  shrunk.fewest = fewest_ || shrunk.preemptions == 0;
  return shrunk;
}

void Shrinking::LeaveOutDirectives() {
  done_ = false;
  size_t size = kept_.size() / 2;
  while (!TimeIsUp()) {
    const size_t before = kept_.size();
    if (size == 0) size = 1;
    LeaveOutChunks(size);
    if (size == 1 && kept_.size() == before && !LeaveOutAPair()) {
      done_ = !TimeIsUp();
      break;
    }
    size = size > 1 ? size / 2 : 1;
  }
}

void Shrinking::DrawFewerPreemptions(double seconds) {
  Buffer<uint32_t> wanted(kMostDirectives);
  for (const Choice& choice : schedule_->choices) {
    if (choice.tag == static_cast<uint32_t>(Tag::kUser)) {
      wanted.Push(choice.value);
    }
  }
  const int most = Preemptions();
  for (int few = 0; few < most && few < FewPreemptions::kMost; ++few) {
    if (TimeIsUp()) return;
    FewPreemptions strategy(few, &wanted);
    if (trial_.Search(&strategy, schedule_->limits, schedule_->verdict, cause_,
                      seconds / (few == 0 ? 8 : 2))) {
      Keep();
      return;
    }
  }
}

void Shrinking::LookForFewerPreemptions(double seconds) {
  const int fewer = Preemptions() - 1;
  if (fewer < 0) return;
  Bounded bounded(fewer);
  const bool found = trial_.Search(&bounded, schedule_->limits,
                                   schedule_->verdict, cause_, seconds);
  // Found means: with no fewer, because fewer were tried first.
  fewest_ = found || trial_.remains().exhausted;
  if (found) Keep();
}

Shrunk Shrinking::Run(double seconds, bool restartable) {
  // The confirmed schedule once more, to get it as directives.
  if (!trial_.Follow(schedule_->choices.data(), schedule_->choices.size(),
                     schedule_->limits) ||
      !ShowsTheProblem()) {
    return Summary();
  }
  Keep();
  if (seconds <= 0) return Summary();
  if (restartable) DrawFewerPreemptions(seconds / 4);
  LeaveOutDirectives();
  if (restartable && !TimeIsUp()) {
    LookForFewerPreemptions(seconds / 4);
    LeaveOutDirectives();
  }
  return Summary();
}

}  // namespace

Shrunk Shrink(const Program& program, double seconds, bool restartable,
              uint64_t cause, Schedule* schedule) {
  return Shrinking(program, seconds, cause, schedule).Run(seconds, restartable);
}

}  // namespace reveille::explore

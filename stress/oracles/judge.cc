#include <algorithm>

#include "absl/strings/str_cat.h"
#include "stress/oracles/futex.h"
#include "stress/oracles/oracle.h"

namespace reveille::stress {
namespace {

// Weaker orders than the default, on purpose: a stronger one would make each
// task happen before the next one that is counted, and so hide a race of the
// pool's from ThreadSanitizer. All is read back after AwaitAllFinished(), which
// pending_ orders: each Settle() releases, AnnounceWait() acquires [J1].
constexpr auto kUnordered = std::memory_order_relaxed;

uint64_t Difference(uint64_t more, uint64_t less) {
  return more > less ? more - less : 0;
}

}  // namespace

// Nobody else knows it yet: the array is not made of atomic stores, each of
// which would be an operation under the lens.
Judge::Judge(uint32_t capacity)
    : capacity_(capacity), state_(new std::atomic<State>[capacity]()) {
  static_assert(State() == State::kNew);
}

const char* Judge::ToString(State state) {
  static constexpr const char* kNames[] = {
      "never submitted", "submitted", "armed",  "begun",
      "finished",        "refused",   "dropped"};
  return kNames[static_cast<size_t>(state)];
}

bool Judge::Move(uint32_t task, State from, State to) {
  if (task >= capacity_) return from != State::kArmed;
  // order: relaxed; see kUnordered.
  return state_[task].compare_exchange_strong(from, to, kUnordered);
}

uint32_t Judge::TakeNumber(State state) {
  // order: relaxed; see kUnordered.
  pending_.fetch_add(kOnePending, kUnordered);
  const uint32_t task = numbers_.fetch_add(1, kUnordered);
  if (!Move(task, State::kNew, state)) {
    Complain("check-failed", task, "its number is taken twice");
  }
  return task;
}

uint32_t Judge::Submitted() {
  // order: relaxed; see kUnordered.
  submitted_.fetch_add(1, kUnordered);
  const uint32_t task = TakeNumber(State::kSubmitted);
  if (observer_ != nullptr) observer_->Queued(task);
  return task;
}

uint32_t Judge::Armed() {
  const uint32_t task = TakeNumber(State::kArmed);
  // order: relaxed; see kUnordered. Beyond capacity it counts as due.
  (task < capacity_ ? armed_ : submitted_).fetch_add(1, kUnordered);
  return task;
}

void Judge::Due(uint32_t task) {
  if (!Move(task, State::kArmed, State::kSubmitted)) return;
  // order: relaxed; see kUnordered.
  submitted_.fetch_add(1, kUnordered);
  armed_.fetch_sub(1, kUnordered);
  if (observer_ != nullptr) observer_->Queued(task);
}

bool Judge::LeaveQueue(uint32_t task, State to) {
  if (Move(task, State::kSubmitted, to)) return true;
  // Due() may come between the two looks, and never takes it back.
  if (!Move(task, State::kArmed, to)) return Move(task, State::kSubmitted, to);
  // order: relaxed; see kUnordered.
  submitted_.fetch_add(1, kUnordered);
  armed_.fetch_sub(1, kUnordered);
  return true;
}

void Judge::Refused(uint32_t task) {
  if (!LeaveQueue(task, State::kRefused)) {
    Complain("double-run", task, "refused");
    return;
  }
  // order: relaxed; see kUnordered.
  submitted_.fetch_sub(1, kUnordered);
  Settle();
}

void Judge::Dropped(uint32_t task) {
  if (!LeaveQueue(task, State::kDropped)) {
    Complain("double-run", task, "dropped");
    return;
  }
  // order: relaxed; see kUnordered.
  dropped_.fetch_add(1, kUnordered);
  submitted_.fetch_sub(1, kUnordered);
  Settle();
}

void Judge::ForgiveDrop(uint32_t task) {
  if (!Move(task, State::kDropped, State::kRefused)) {
    Complain("check-failed", task, "refused");
    return;
  }
  // order: relaxed; see kUnordered.
  dropped_.fetch_sub(1, kUnordered);
}

void Judge::Started(uint32_t task) {
  if (observer_ != nullptr) observer_->Started(task);
  // order: relaxed; see kUnordered.
  if (LeaveQueue(task, State::kStarted)) {
    started_.fetch_add(1, kUnordered);
  } else {
    Complain("double-run", task, "started");
  }
}

void Judge::Finished(uint32_t task) {
  if (!Move(task, State::kStarted, State::kFinished)) {
    Complain("double-run", task, "finished");
    return;
  }
  // order: relaxed; see kUnordered.
  finished_.fetch_add(1, kUnordered);
  Settle();
}

// The last access of a task, but for the one that brings pending_ to zero while
// somebody sleeps: that sleeper waits for the new generation (I2).
void Judge::Settle() {
  // order: relaxed; the exchange below decides.
  uint64_t old = pending_.load(kUnordered);
  uint64_t next;
  do {
    const bool last = old == (kOnePending | kAwaited);
    next = last ? 0 : old - kOnePending;
    // order: release; pairs with AnnounceWait() [J1].
  } while (!pending_.compare_exchange_weak(old, next, std::memory_order_release,
                                           kUnordered));
  if (old != (kOnePending | kAwaited)) return;
  generation_.fetch_add(1);
  FutexWakeAll(&generation_);
}

// False: nothing is pending. True: exactly one new generation follows.
bool Judge::AnnounceWait() {
  // order: acquire; pairs with Settle() [J1].
  uint64_t old = pending_.load(std::memory_order_acquire);
  do {
    if (old < kOnePending) return false;
    // order: acquire; pairs with Settle() [J1].
  } while (!pending_.compare_exchange_weak(old, old | kAwaited,
                                           std::memory_order_acquire));
  return true;
}

void Judge::AwaitAllFinished() {
  for (;;) {
    const uint32_t generation = generation_.load();
    if (!AnnounceWait()) return;
    while (generation_.load() == generation) {
      FutexWait(&generation_, generation);
    }
  }
}

uint64_t Judge::waiting() const {
  const uint64_t begun = started_.load();  // First: it never exceeds the other.
  return Difference(submitted_.load(), begun);
}

uint64_t Judge::running() const {
  const uint64_t ended = finished_.load();
  return Difference(started_.load(), ended);
}

void Judge::Fail(absl::string_view verdict, absl::string_view what) {
  failure_count_.fetch_add(1);
  std::lock_guard<std::mutex> lock(mutex_);
  if (failures_.size() >= kFailuresKept) return;
  failures_.push_back({std::string(verdict), std::string(what)});
}

void Judge::Complain(absl::string_view verdict, uint32_t task,
                     absl::string_view what) {
  const char* state =
      task < capacity_ ? ToString(state_[task].load()) : "beyond capacity";
  Fail(verdict, absl::StrCat("task ", task, " ", what, ", but it was ", state));
}

void Judge::CheckAllOnce() {
  const uint32_t last = std::min(numbers_.exchange(0), capacity_);
  uint32_t wrong = 0;
  std::string first;
  for (uint32_t task = 0; task < last; ++task) {
    const State state = state_[task].exchange(State::kNew);
    if (state == State::kFinished || state == State::kRefused) continue;
    if (wrong++ == 0) {
      first = absl::StrCat("task ", task, " was ", ToString(state));
    }
  }
  const uint64_t dropped = dropped_.exchange(0);
  if (wrong == 0 && dropped == 0) return;
  Fail("lost-task", absl::StrCat(std::max<uint64_t>(wrong, dropped),
                                 " tasks have not run to their end; ", first));
}

std::vector<Failure> Judge::failures() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return failures_;
}

}  // namespace reveille::stress

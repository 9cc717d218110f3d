// packed-counter: two counts in one word, and one borrows from the other.
//
// Mechanism: one word has the number of waiters above and the number of signals
// for them below, so that both change together. A waiter that cancels takes a
// signal with it, whether there is one or not. Zero minus one borrows from the
// waiters and leaves as many signals as the field can hold: whoever submits
// sees signals enough for everybody, for ever.
// Mirrors: openjdk/jdk#24034 (a subfield's decrement reached its neighbour,
//   after 80 days no worker was released), the cancelled wait of Eigen's
//   EventCount (bc19ba490c). Class: g, e.
// Lost by:
//   worker A    waits: (1, 0); looks: nothing; sleeps
//   worker B    waits: (2, 0); looks: task 1; cancels: (1, 0) - 1 = (0, 255)
//   submitter   pushes 2; signals enough: wakes nobody; A sleeps
// Expect: idle-worker-with-runnable-work.
#include <atomic>
#include <cstdint>
#include <utility>

#include "stress/oracles/futex.h"
#include "stress/zoo/bug.h"
#include "stress/zoo/task_queue.h"

namespace reveille::stress::zoo {
namespace {

template <bool kFixed>
class PackedCounter final : public Dispatcher {
 public:
  explicit PackedCounter(Crew*) {}

  void Push(int, PoolFn fn) override {
    queue_.Push(std::move(fn));
    Signal();
  }

  PoolFn Next(int) override {
    while ((state_.load() & kStopped) == 0) {
      if (PoolFn fn = queue_.TryPop()) return fn;
      state_.fetch_add(kWaiter);
      if (PoolFn fn = queue_.TryPop()) {
        Cancel();
        return fn;
      }
      AwaitSignal();
    }
    return nullptr;
  }

  void Stop() override {
    // A bit that stays, and no signal: that would be taken by another waiter,
    // and the word be again what somebody on his way to sleep has looked at.
    state_.fetch_or(kStopped);
    FutexWakeAll(&state_);
  }

 private:
  static constexpr uint32_t kSignal = 1;
  static constexpr uint32_t kSignals = 0xff;
  static constexpr uint32_t kWaiter = kSignals + 1;
  static constexpr uint32_t kStopped = uint32_t{1} << 31;

  static uint32_t Signals(uint32_t state) { return state & kSignals; }
  static uint32_t Waiters(uint32_t state) {
    return (state & ~kStopped) / kWaiter;
  }

  // One more, if a waiter has none yet.
  void Signal() {
    uint32_t state = state_.load();
    while (Signals(state) < Waiters(state)) {
      if (!state_.compare_exchange_weak(state, state + kSignal)) continue;
      FutexWakeAll(&state_);
      return;
    }
  }

  // Off the count; a signal more than there are waiters goes with it.
  void Cancel() {
    uint32_t state = state_.load();
    uint32_t left;
    do {
      const bool surplus = Signals(state) >= Waiters(state);
      // Bug: it takes one even when there is none.
      left = state - kWaiter - (!kFixed || surplus ? kSignal : 0);
    } while (!state_.compare_exchange_weak(state, left));
  }

  void AwaitSignal() {
    uint32_t state = state_.load();
    while ((state & kStopped) == 0) {
      if (Signals(state) == 0) {
        FutexWait(&state_, state);
        state = state_.load();
      } else if (state_.compare_exchange_weak(state,
                                              state - kWaiter - kSignal)) {
        return;
      }
    }
  }

  TaskQueue queue_;
  std::atomic<uint32_t> state_{0};
};

[[maybe_unused]] const bool kRegistered = RegisterBug<PackedCounter>({
    .name = "packed-counter",
    .classes = "g, e",
    .mirrors = "openjdk/jdk#24034, Eigen bc19ba490c",
    .expect = "idle-worker-with-runnable-work",
    .scenario = "rendezvous",
});

}  // namespace
}  // namespace reveille::stress::zoo

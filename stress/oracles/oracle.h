// Judge: counts every task from submission to its end, and keeps what failed.
//
// Exactly once, none lost, none twice, nothing left at quiescence. It is also
// what a black-box watchdog looks at: how much was submitted and has not begun.
// Its operations are a few atomic instructions, so that it does not order the
// pool's own accesses more than a user's task would.
//
// The way of a task, by its number:
//
//   new --Submitted--> submitted --Started--> started --Finished--> finished
//   new --Armed--> armed --Due--> submitted      (or Started: its moment came)
//   armed, submitted --Refused--> refused        (the pool said no)
//   armed, submitted --Dropped--> dropped        (destroyed unrun)
//
// I1: a task is pending from Submitted() or Armed() until Finished(), Refused()
// or Dropped(), and AwaitAllFinished() returns only when none is.
// I2: nothing of the Judge is touched by a task after its Finished(), so that
// the Judge may be destroyed as soon as AwaitAllFinished() has returned.
#ifndef REVEILLE_STRESS_ORACLES_ORACLE_H_
#define REVEILLE_STRESS_ORACLES_ORACLE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace reveille::stress {

// The verdicts, as in the reports: "lost-task", "double-run", "check-failed",
// "idle-worker-with-runnable-work", "deadlock", "late-timer", "lost-event",
// "counter-drift", "crash".
struct Failure {
  std::string verdict;
  std::string what;
};

// Is told of the way of each task, by the thread that moves it.
class TaskObserver {
 public:
  virtual ~TaskObserver() = default;
  // Submitted or due, and counted as waiting; the pool does not have it yet.
  virtual void Queued(uint32_t task) = 0;
  virtual void Started(uint32_t task) = 0;
};

class Judge {
 public:
  // Tasks with numbers below `capacity` are told apart; more are only counted.
  // Numbers start over after each CheckAllOnce().
  explicit Judge(uint32_t capacity);

  uint32_t capacity() const { return capacity_; }
  // Before the first task; `observer` outlives the last.
  void Observe(TaskObserver* observer) { observer_ = observer; }

  // Takes a number for a task that is about to be submitted. Any thread.
  uint32_t Submitted();
  // Takes a number for a task that becomes runnable only later, by a timer or a
  // descriptor. Until Due() it does not count as waiting.
  uint32_t Armed();
  // Its event has happened: from now on it is runnable. Call it before causing
  // the event.
  void Due(uint32_t task);
  // Takes it back: the pool refused.
  void Refused(uint32_t task);
  // The pool destroyed it unrun.
  void Dropped(uint32_t task);
  // It was the refusal that destroyed it, so nothing is wrong.
  void ForgiveDrop(uint32_t task);
  // First and last statement of the task itself.
  void Started(uint32_t task);
  void Finished(uint32_t task);

  // Submitted so far, without what was refused, dropped or is armed.
  uint64_t submitted() const { return submitted_.load(); }
  uint64_t started() const { return started_.load(); }
  uint64_t finished() const { return finished_.load(); }
  uint64_t armed() const { return armed_.load(); }
  // Submitted, not begun.
  uint64_t waiting() const;
  uint64_t running() const;

  // Sleeps until nothing is pending. The one place where a scenario waits, so
  // that a lens can see what it waits for. One thread at a time.
  void AwaitAllFinished();
  // Records a failure. Any thread; the first few are kept, all are counted.
  void Fail(absl::string_view verdict, absl::string_view what);
  // At quiescence: each number begun and ended exactly once.
  void CheckAllOnce();

  std::vector<Failure> failures() const;
  bool failed() const { return failure_count_.load() != 0; }
  uint64_t failure_count() const { return failure_count_.load(); }

 private:
  enum class State : uint8_t {
    kNew,
    kSubmitted,
    kArmed,
    kStarted,
    kFinished,
    kRefused,
    kDropped,
  };
  static constexpr size_t kFailuresKept = 16;
  // pending_ is the number of pending tasks, doubled, plus this bit when a
  // thread sleeps until there are none.
  static constexpr uint64_t kAwaited = 1;
  static constexpr uint64_t kOnePending = 2;

  static const char* ToString(State state);
  uint32_t TakeNumber(State state);
  bool Move(uint32_t task, State from, State to);
  // True when it was in either state; armed tasks are no longer counted as
  // such.
  bool LeaveQueue(uint32_t task, State to);
  void Complain(absl::string_view verdict, uint32_t task,
                absl::string_view what);
  bool AnnounceWait();
  void Settle();

  const uint32_t capacity_;
  const std::unique_ptr<std::atomic<State>[]> state_;
  TaskObserver* observer_ = nullptr;
  std::atomic<uint32_t> numbers_{0};
  std::atomic<uint64_t> submitted_{0}, armed_{0}, started_{0}, finished_{0};
  std::atomic<uint64_t> dropped_{0};
  std::atomic<uint64_t> pending_{0};
  std::atomic<uint32_t> generation_{0};
  std::atomic<uint64_t> failure_count_{0};
  mutable std::mutex mutex_;
  std::vector<Failure> failures_;
};

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_ORACLES_ORACLE_H_

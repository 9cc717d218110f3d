// Reveille: a work-stealing M:P:G scheduler that never sleeps on runnable work.
//
//   auto created = reveille::Scheduler::Create({.procs = 4});
//   if (!created.ok()) return created.status();
//   reveille::Scheduler& s = **created;
//
//   s.Spawn([] { Compute(); });                           // a closure
//   s.Spawn([fd]() -> reveille::Task<> {                  // a coroutine
//     co_await reveille::SleepFor(10ms);                  // sleep
//     co_await reveille::WaitReadable(fd);                // read a socket
//     ::read(fd, buffer, sizeof buffer);
//     reveille::BlockingSection blocking;                 // block
//     ::fsync(log_fd);
//   });
//   auto job = s.SpawnJoinable([] { Work(); });           // wait for one
//   job->Join().Block();
//   s.Shutdown(reveille::Clock::now() + 5s);              // shut down
//
// A task is a G. A G runs on an M (a thread) that owns a P (the right to run);
// there are Options::procs Ps. See README.md for the protocol.
#ifndef REVEILLE_SCHEDULER_H_
#define REVEILLE_SCHEDULER_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "reveille/blocking_section.h"
#include "reveille/coroutine.h"
#include "reveille/internal/task_slot.h"
#include "reveille/options.h"
#include "reveille/stats.h"
#include "reveille/sync.h"
#include "reveille/wait.h"

namespace reveille {

class Scheduler;

namespace internal {
class Sched;
struct M;
// The worker that the calling thread is, or null.
M* CurrentM();
class JoinState;
struct TimerState;

// True for what Spawn() runs as a coroutine: F() returns a Task<void>.
template <typename F>
concept CoroutineFunction = std::is_invocable_r_v<Task<void>, F&>;

template <typename T>
inline constexpr bool kIsTask = false;
template <typename T>
inline constexpr bool kIsTask<Task<T>> = true;
template <typename F>
concept ReturnsTask = kIsTask<std::invoke_result_t<F&>>;

// Keeps a coroutine lambda, and with it its captures, alive as long as the
// coroutine that it makes.
template <typename F>
Task<void> HoldAndRun(F f) {
  co_await f();
}
}  // namespace internal

struct TaskOptions {
  // Shown in failures, reports and traces. Must outlive the task: a literal.
  const char* name = nullptr;
  // Runs only on a P that would otherwise be idle, at most
  // Options::idle_work_limit of them at the same time, and delays other work
  // by at most one such task.
  bool idle_priority = false;
};

// A task that somebody may wait for or cancel. Copies share it. Any thread.
class JoinHandle {
 public:
  JoinHandle() = default;
  JoinHandle(const JoinHandle& other);
  JoinHandle(JoinHandle&& other) noexcept;
  JoinHandle& operator=(JoinHandle other) noexcept;
  ~JoinHandle();

  class [[nodiscard]] Operation final : public WaitOperation {
   public:
    Operation(internal::JoinState* state, Deadline deadline)
        : WaitOperation(deadline), state_(state) {}

   private:
    bool TryNow() override;
    void Register() override;
    void Unregister() override;
    internal::JoinState* state_;
  };
  // Waits for the end of the task; a handle of it must last until then.
  Operation Join(Deadline deadline = kNoDeadline);
  bool Done() const;
  // From now on each wait of the task (not of its children) returns
  // kCancelled at once; one that it sleeps in is woken. The task decides what
  // to do about it.
  void Cancel();

 private:
  friend class Scheduler;
  explicit JoinHandle(internal::JoinState* state) : state_(state) {}
  internal::JoinState* state_ = nullptr;
};

// Tasks that become runnable together, under one lock and with as many wakes
// as there are idle Ps. One thread at a time.
class Batch {
 public:
  explicit Batch(Scheduler* scheduler);
  ~Batch();  // Drops, unrun, what was not spawned.
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  template <typename F>
  void Add(F&& f, TaskOptions options = {});
  int size() const { return size_; }
  // All or nothing; empties the batch.
  absl::Status Spawn();

 private:
  internal::Sched* sched_;
  internal::G* head_ = nullptr;
  internal::G* tail_ = nullptr;
  int size_ = 0;
  void Append(internal::TaskSlot* slot);
  void Clear();
};

// A callback at a time. The callback runs as a task of its own. Any thread.
// A pending timer is no task: Drain() does not wait for it, Shutdown() drops
// it.
class Timer {
 public:
  Timer(Scheduler* scheduler, std::function<void()> callback);
  ~Timer();  // Stops it; a callback that has begun is not waited for.
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Sets or moves it. True when it was pending.
  bool Reset(Deadline when);
  // True when it was pending, and now will not fire.
  bool Stop();

 private:
  std::shared_ptr<internal::TimerState> state_;
};

// Binds the current task to its thread: it runs there and nothing else does.
// Nests. Outside of a task it does nothing.
class ThreadLock {
 public:
  ThreadLock();
  ~ThreadLock();
  ThreadLock(const ThreadLock&) = delete;
  ThreadLock& operator=(const ThreadLock&) = delete;

  // The thread ends together with the task, for it has been spoilt (a changed
  // namespace, say); a new one takes its place.
  void DiscardThread();

 private:
  bool locked_;
};

class Scheduler {
 public:
  // Starts the first thread, and sysmon when a rescuer is on.
  // InvalidArgument: an option is out of range. ResourceExhausted: no thread or
  // no descriptor was to be had; the message says which limit.
  static absl::StatusOr<std::unique_ptr<Scheduler>> Create(
      const Options& options = {});

  // Shuts down without a deadline if nobody has. Not from one of its tasks.
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // Runs `f` as a task: a closure, or a callable that returns a Task<void>, or
  // a Task<void> itself. Any thread; from a task of this scheduler it costs a
  // few dozen nanoseconds. FailedPrecondition: Shutdown() has begun; tasks
  // that run meanwhile may still spawn.
  template <typename F>
  absl::Status Spawn(F&& f, TaskOptions options = {});
  // The same, with a handle.
  template <typename F>
  absl::StatusOr<JoinHandle> SpawnJoinable(F&& f, TaskOptions options = {});

  // Waits until no task is left, at one moment at least. Not from its tasks
  // (FailedPrecondition). DeadlineExceeded.
  absl::Status Drain(Deadline deadline = kNoDeadline);

  struct Unfinished {
    uint64_t id = 0;
    std::string name;
    std::string state;
  };
  struct ShutdownReport {
    uint64_t finished = 0;  // Tasks that ran to their end, ever.
    uint64_t dropped = 0;   // Tasks that never ran or were cut off.
    std::vector<Unfinished> unfinished;  // Those alive at the deadline.
  };
  // Refuses new work from outside, waits for what there is, and ends all
  // threads. What is left at the deadline is reported: waits are cancelled,
  // closures that have not begun are dropped, coroutines are destroyed where
  // they next would run. A closure that runs on is waited for, since its
  // thread cannot be taken away. Once; the second call reports the same.
  ShutdownReport Shutdown(Deadline deadline = kNoDeadline);

  // Changes the number of Ps: stops the world at the next safe points, and
  // starts it again. Any thread, any time. InvalidArgument out of 1..kMaxProcs.
  absl::Status SetMaxProcs(int procs);
  int procs() const;

  // Closes `fd` and wakes with kClosed whoever waits for it. 0 or errno.
  int CloseFd(int fd);

  // Gives recycled task records back to the allocator at the next safe points.
  void ReleaseMemory();

  // See stats.h. Costs about a microsecond and a little for each P and M.
  Stats GetStats() const;
  // The line "SCHED ..."; detailed: with a line per P and M.
  std::string SchedTrace(bool detailed = false) const;
  // Turns the flight recorders on or off (Options::flight_recorder_events must
  // not be 0), and writes what they hold as Chrome/Perfetto trace JSON.
  void EnableFlightRecorder(bool on);
  std::string DumpFlightRecorder() const;

  // The id and name of the task that calls this; 0 and "" outside.
  static uint64_t CurrentTaskId();
  static const char* CurrentTaskName();

 private:
  friend class Batch;
  friend class Timer;
  explicit Scheduler(std::unique_ptr<internal::Sched> sched);

  template <typename F>
  static void Fill(internal::Sched* sched, internal::TaskSlot* slot, F&& f,
                   bool counted);
  template <typename F>
  static void Construct(internal::TaskSlot* slot, F&& f);
  // A fresh record, or null when spawning is refused.
  static internal::TaskSlot* NewTask(internal::Sched* sched, internal::M* m,
                                     TaskOptions options);
  static internal::TaskSlot* NewRecord(internal::Sched* sched, internal::M* m,
                                       TaskOptions options);
  static void FillCoroutine(internal::TaskSlot* slot, Task<void>::Handle root);
  static void Submit(internal::Sched* sched, internal::M* m,
                     internal::TaskSlot* slot);
  // For a record that Fill() threw upon.
  static void Discard(internal::Sched* sched, internal::TaskSlot* slot,
                      bool counted);
  static JoinHandle MakeJoinable(internal::TaskSlot* slot);
  static absl::Status Refused();

  std::unique_ptr<internal::Sched> sched_;
};

template <typename F>
void Scheduler::Construct(internal::TaskSlot* slot, F&& f) {
  using Function = std::decay_t<F>;
  if constexpr (std::is_same_v<Function, Task<void>>) {
    FillCoroutine(slot, f.Release());
  } else if constexpr (internal::CoroutineFunction<Function>) {
    FillCoroutine(slot,
                  internal::HoldAndRun<Function>(std::forward<F>(f)).Release());
  } else {
    static_assert(!internal::ReturnsTask<Function>,
                  "the value of a Task<T> would be lost: spawn a Task<void>");
    internal::FillSlot(slot, std::forward<F>(f));
  }
}

template <typename F>
void Scheduler::Fill(internal::Sched* sched, internal::TaskSlot* slot, F&& f,
                     bool counted) {
  try {
    Construct(slot, std::forward<F>(f));
  } catch (...) {
    Discard(sched, slot, counted);
    throw;
  }
}

template <typename F>
absl::Status Scheduler::Spawn(F&& f, TaskOptions options) {
  internal::M* m = internal::CurrentM();
  internal::TaskSlot* slot = NewTask(sched_.get(), m, options);
  if (slot == nullptr) return Refused();
  Fill(sched_.get(), slot, std::forward<F>(f), /*counted=*/true);
  Submit(sched_.get(), m, slot);
  return absl::OkStatus();
}

template <typename F>
absl::StatusOr<JoinHandle> Scheduler::SpawnJoinable(F&& f,
                                                    TaskOptions options) {
  internal::M* m = internal::CurrentM();
  internal::TaskSlot* slot = NewTask(sched_.get(), m, options);
  if (slot == nullptr) return Refused();
  Fill(sched_.get(), slot, std::forward<F>(f), /*counted=*/true);
  JoinHandle handle = MakeJoinable(slot);
  Submit(sched_.get(), m, slot);
  return handle;
}

template <typename F>
void Batch::Add(F&& f, TaskOptions options) {
  internal::TaskSlot* slot =
      Scheduler::NewRecord(sched_, internal::CurrentM(), options);
  Scheduler::Fill(sched_, slot, std::forward<F>(f), /*counted=*/false);
  Append(slot);
}

}  // namespace reveille

#endif  // REVEILLE_SCHEDULER_H_

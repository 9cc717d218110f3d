// What a Scheduler is created with. Every field has a range; Create() answers a
// value outside it with a status that names the field and the range.
#ifndef REVEILLE_OPTIONS_H_
#define REVEILLE_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <string>
#include <string_view>

namespace reveille {

// A task that an exception left. `exception` is never null.
struct TaskFailure {
  std::string_view name;  // TaskOptions::name, or "" for a task without one.
  uint64_t id = 0;
  std::exception_ptr exception;
};

struct Options {
  // Ps: how many tasks run at the same time. 0: one per processor that this
  // process may use. 0..kMaxProcs.
  int procs = 0;

  // Ms: most threads that this scheduler ever has at the same time, blocked
  // ones included, sysmon not. 1..kMaxThreads. When it is reached, or the
  // system gives no more, work waits for a thread to come back; none is lost.
  int max_threads = 1024;

  // The three rescuers. The protocol does not need them for work conservation:
  // with all of them off no sysmon thread exists. What they are for:
  //  - netpoll: descriptors are polled although every P is busy (10 ms);
  //  - retake: a P whose task sits in a BlockingSection is taken back after a
  //    tick of sysmon. Off: every BlockingSection hands its P on at once;
  //  - preempt: a task running for 10 ms is asked to yield, see
  //    PreemptRequested().
  bool sysmon_netpoll = true;
  bool sysmon_retake = true;
  bool sysmon_preempt = true;

  // Idle-priority tasks that may run at the same time. 0: a quarter of the Ps,
  // at least one. 0..kMaxProcs.
  int idle_work_limit = 0;

  // How many rounds, at most, a searching M looks at every queue again before
  // it lets its P go. It learns how many are worth while. 0 parks at once:
  // fewest cycles, most futex calls.
  // 0..kMaxSpinRounds.
  int spin_rounds = kDefaultSpinRounds;

  // Events that each thread's flight recorder holds; 0 leaves it off.
  // 0 or a power of two, at most kMaxFlightEvents.
  size_t flight_recorder_events = 0;

  // Called on the worker, after the task has ended, with an exception that
  // left the task. Without one the process ends and names the task.
  std::function<void(const TaskFailure&)> on_exception = nullptr;

  // Prefix of the threads' names, as top(1) and debuggers show them. At most
  // 8 characters are seen.
  std::string name = "rvl";

  static constexpr int kMaxProcs = 1024;
  static constexpr int kMaxThreads = 65536;
  static constexpr int kMaxSpinRounds = 100000;
  static constexpr int kDefaultSpinRounds = 64;
  static constexpr size_t kMaxFlightEvents = size_t{1} << 20;
};

}  // namespace reveille

#endif  // REVEILLE_OPTIONS_H_

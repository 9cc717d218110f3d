// The one contract that every pool is tested under, ours and other people's.
//
// A pool runs submitted functions, each exactly once, on at most Parallelism()
// of its threads at a time. Everything else is a capability, and a scenario
// asks for the ones it needs: Pool::As...() returns null where a pool lacks
// one. Nothing here knows any particular pool.
#ifndef REVEILLE_STRESS_POOLS_POOL_H_
#define REVEILLE_STRESS_POOLS_POOL_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace reveille::stress {

using PoolFn = absl::AnyInvocable<void()>;
using PoolClock = std::chrono::steady_clock;

// Waits on descriptors. Any thread; `done` runs as a task of the pool. One wait
// per direction of a descriptor: a second one ends with kBusy.
class NetpollPool {
 public:
  enum class Event { kReady, kTimedOut, kClosed, kBusy, kFailed };
  virtual ~NetpollPool() = default;
  virtual void SubmitOnReadable(int fd, PoolClock::time_point deadline,
                                absl::AnyInvocable<void(Event)> done) = 0;
  virtual void SubmitOnWritable(int fd, PoolClock::time_point deadline,
                                absl::AnyInvocable<void(Event)> done) = 0;
  // Closes the descriptor and ends the wait on it with kClosed. Lets the waits
  // that were submitted before begin first, so it may block, and is for threads
  // outside, or for tasks once no wait is outstanding: the number of a closed
  // descriptor may be another file's by the time a late wait takes it.
  virtual void Close(int fd) = 0;
};

// A callback at a time. Any thread. The callback runs as a task of the pool;
// timers are destroyed before their pool.
class TimerPool {
 public:
  class Timer {
   public:
    virtual ~Timer() = default;                          // Stops it.
    virtual bool Reset(PoolClock::time_point when) = 0;  // Was it pending?
    virtual bool Stop() = 0;                             // Was it pending?
  };
  virtual ~TimerPool() = default;
  virtual std::unique_ptr<Timer> NewTimer(std::function<void()> callback) = 0;
};

// Tells the pool that a task is about to block. From inside a task.
class BlockingPool {
 public:
  virtual ~BlockingPool() = default;
  virtual void RunBlocking(bool expect_long,
                           absl::FunctionRef<void()> blocks) = 0;
  // Runs the task bound to its thread; `discard` ends the thread afterwards.
  virtual void RunLocked(bool discard, PoolFn body) = 0;
};

// Changes Parallelism() under load. Any thread.
class ResizablePool {
 public:
  virtual ~ResizablePool() = default;
  virtual void Resize(int parallelism) = 0;
};

// A task that gives way between its steps: `step` is called again and again,
// with others let in between, until it returns false.
class YieldingPool {
 public:
  virtual ~YieldingPool() = default;
  virtual void SubmitYielding(absl::AnyInvocable<bool()> step) = 0;
};

// Tasks for Ps that would otherwise be idle, at most Limit() at a time.
class IdleWorkPool {
 public:
  virtual ~IdleWorkPool() = default;
  virtual void SubmitIdle(PoolFn fn) = 0;
  virtual int Limit() const = 0;
};

// Many functions that become runnable at once.
class BatchPool {
 public:
  virtual ~BatchPool() = default;
  // All or, when the pool is shutting down, none.
  virtual bool SubmitBatch(std::vector<PoolFn> fns) = 0;
};

// White-box state: what a judge needs to say "a worker is idle, work is
// runnable, and nobody is on the way to it". Any thread, at any time, without
// disturbing the pool.
struct PoolSnapshot {
  int64_t time_ns = 0;          // CLOCK_MONOTONIC.
  int workers = 0;              // Ps, or what takes their place.
  int idle = 0;                 // Ps that are idle.
  uint64_t runnable = 0;        // Tasks that an idle P could run.
  int searching = 0;            // Threads that look for work.
  int in_transition = 0;        // Threads between wake and run, or on the way
                                // to sleep: they may be about to find it.
  bool stopping_world = false;  // No verdict while true.
  int64_t next_timer_ns = 0;    // Earliest due time of any timer; 0: none.
  // Every step of the pool that may change any field above changes this.
  std::vector<uint64_t> steps;
  // The kernel's ids of the pool's threads, for stacks.
  std::vector<int> tids;
};

class WhiteBoxPool {
 public:
  virtual ~WhiteBoxPool() = default;
  virtual PoolSnapshot Snapshot() const = 0;
  // Which worker the thread with this id of the kernel's is at the moment; -1:
  // none, or not known. Takes no lock, for who asks between any two operations.
  virtual int WorkerOf([[maybe_unused]] int tid) const { return -1; }
  // The state as a number, equal for states that a test need not tell apart:
  // who is idle, who searches, which queues hold work. 0: not known. Takes no
  // lock.
  virtual uint64_t StateClass() const { return 0; }
  // Named counters for the result line, such as {"wakes", 12}.
  virtual std::vector<std::pair<std::string, double>> Counters() const = 0;
  // One human-readable dump of the whole state (SchedTrace), and the flight
  // recorder as Chrome trace JSON ("" when the pool has none).
  virtual std::string StateDump() const = 0;
  virtual std::string FlightRecord() const = 0;
  // What must hold when nothing is submitted, running or pending; "" if so,
  // else the first thing that does not.
  virtual std::string CheckQuiescent() const = 0;
};

class Pool {
 public:
  // Runs or drops what is left, ends all threads. Tasks that run meanwhile may
  // still call Submit(); nobody outside may.
  virtual ~Pool() = default;

  // Any thread, tasks included. False: the pool is shutting down and `fn` will
  // not run.
  virtual bool Submit(PoolFn fn) = 0;
  virtual int Parallelism() const = 0;
  // Refuses new work from outside and runs what was submitted before. False: it
  // could not do so by the deadline. At most once, from outside.
  virtual bool Shutdown(PoolClock::time_point deadline) = 0;

  virtual NetpollPool* AsNetpoll() { return nullptr; }
  virtual TimerPool* AsTimer() { return nullptr; }
  virtual BlockingPool* AsBlocking() { return nullptr; }
  virtual ResizablePool* AsResizable() { return nullptr; }
  virtual YieldingPool* AsYielding() { return nullptr; }
  virtual IdleWorkPool* AsIdleWork() { return nullptr; }
  virtual BatchPool* AsBatch() { return nullptr; }
  virtual const WhiteBoxPool* AsWhiteBox() const { return nullptr; }
};

struct PoolConfig {
  int parallelism = 2;
  // What the pool has of timed rescuers (a monitor thread, timed parks) is on.
  bool rescuers = true;
  bool flight_recorder = false;
  // Threads that find no work look again for a while before they sleep. Off:
  // they sleep at once, for who explores every step of theirs.
  bool patient_search = true;
};

using PoolFactory =
    std::function<absl::StatusOr<std::unique_ptr<Pool>>(const PoolConfig&)>;

// The registry. Filled before main() by REVEILLE_POOL, read afterwards.
struct PoolEntry {
  std::string name;
  PoolFactory create;
};
bool RegisterPool(absl::string_view name, PoolFactory create);
const std::vector<PoolEntry>& AllPools();  // Sorted by name.
const PoolEntry* FindPool(absl::string_view name);

#define REVEILLE_POOL_CONCAT_(a, b) a##b
#define REVEILLE_POOL_CONCAT(a, b) REVEILLE_POOL_CONCAT_(a, b)
// At namespace scope of a source: REVEILLE_POOL("name", factory);
#define REVEILLE_POOL(name, factory)                                       \
  [[maybe_unused]] static const bool REVEILLE_POOL_CONCAT(kPoolRegistered, \
                                                          __COUNTER__) =   \
      ::reveille::stress::RegisterPool(name, factory)

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_POOLS_POOL_H_

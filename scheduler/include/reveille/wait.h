// Waiting, from both kinds of task and from threads outside.
//
// Every wait is an operation. In a coroutine, await it:
//     Wake w = co_await SleepFor(10ms);
// in a closure, or on a thread that is no worker, block on it:
//     Wake w = SleepFor(10ms).Block();
// A closure that blocks keeps its thread and lends its P to others.
//
// One operation waits once. Create it, await or block, drop it.
#ifndef REVEILLE_WAIT_H_
#define REVEILLE_WAIT_H_

#include <atomic>
#include <chrono>
#include <coroutine>
#include <cstdint>

namespace reveille {

namespace internal {
struct G;
class Note;
class Sched;
class TimerHeap;
class CancelSlot;
}  // namespace internal

using Clock = std::chrono::steady_clock;
using Deadline = Clock::time_point;
inline constexpr Deadline kNoDeadline = Deadline::max();

// Why a wait ended.
enum class Wake : uint8_t {
  kReady,      // What was waited for has happened.
  kTimedOut,   // The deadline came first.
  kCancelled,  // JoinHandle::Cancel() or the end of a Shutdown().
  kClosed,     // The descriptor was closed under its waiter.
  kBusy,       // Another task waits for this direction of this descriptor.
  kFailed,     // The descriptor cannot be waited for (EBADF, EPERM, ...).
};
const char* ToString(Wake wake);

namespace internal {

// A place in a TimerHeap. Belongs to whoever embeds it; the heap's lock guards
// every field but `heap`.
struct TimerNode {
  using Fire = void (*)(TimerNode*, void* fired_list);
  int64_t when_ns = 0;
  std::atomic<TimerHeap*> heap{nullptr};  // Null: in no heap.
  uint32_t index = 0;
  Fire fire = nullptr;
};

// One parked party and the race of its wakers. Whoever moves it from waiting
// to claimed has woken it; all others find the claim and leave it alone.
//
//   registering --Claim--> claimed        (the parker sees it and goes on)
//   registering --Commit-> parked --Claim--> claimed, then Ready(g)
class Waiter {
 public:
  Waiter() = default;
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  // Takes the one wake. True for the winner only; the winner then calls
  // Deliver() once, after it let go of whatever lock kept this object alive.
  // What Deliver() needs is returned in `out`, for this object may be gone.
  struct Claimed {
    G* g = nullptr;
    Note* note = nullptr;
    void Deliver() const;
  };
  bool Claim(Wake wake, Claimed* out);
  // The same for a winner who knows that it was parked.
  void Deliver() const { Claimed{g_, note_}.Deliver(); }
  Wake result() const;

  // For a waker that lost, on a waiter that stays until it is told so: the last
  // touch, and the parker's look for it.
  void PassBy() { state_.fetch_or(kPassedBy); }
  bool PassedBy() const { return (state_.load() & kPassedBy) != 0; }

  Waiter* next = nullptr;  // For the list it waits in, guarded by that list.
  Waiter* prev = nullptr;

 private:
  friend class ParkOperationAccess;
  static constexpr uint32_t kRegistering = 0x100;
  static constexpr uint32_t kParked = 0x200;
  static constexpr uint32_t kPassedBy = 0x400;  // Beside a result.
  std::atomic<uint32_t> state_{kRegistering};
  G* g_ = nullptr;
  Note* note_ = nullptr;
};

class ParkOperationAccess;

}  // namespace internal

// The base of all waits. Thread: that of the task, or any one outside.
class [[nodiscard]] WaitOperation {
 public:
  WaitOperation(const WaitOperation&) = delete;
  WaitOperation& operator=(const WaitOperation&) = delete;

  // Blocks the calling thread. In a task the P is lent to others meanwhile.
  Wake Block();

  bool await_ready() { return TryNow(); }
  bool await_suspend(std::coroutine_handle<> handle);
  Wake await_resume();

 protected:
  explicit WaitOperation(Deadline deadline) : deadline_(deadline) {}
  virtual ~WaitOperation();

  // True when there is nothing to wait for; SetResult() says how it ended.
  virtual bool TryNow() = 0;
  // Makes waiter() findable by its waker. May find it done already: then it
  // claims waiter() itself.
  virtual void Register() = 0;
  // After the wake: makes waiter() unfindable. Called exactly once after each
  // Register().
  virtual void Unregister() = 0;

  internal::Waiter* waiter() { return &waiter_; }
  void SetResult(Wake wake) { now_ = wake; }
  Deadline deadline() const { return deadline_; }

 private:
  friend class internal::ParkOperationAccess;
  static void FireDeadline(internal::TimerNode* node, void* fired_list);
  void Arm();
  void Disarm();

  struct DeadlineNode : internal::TimerNode {
    WaitOperation* operation = nullptr;
  };

  internal::Waiter waiter_;
  Deadline deadline_;
  DeadlineNode timer_;
  internal::CancelSlot* cancel_ = nullptr;
  Wake now_ = Wake::kReady;
  bool registered_ = false;
};

// Sleeps until the deadline: kTimedOut, or kCancelled.
class [[nodiscard]] SleepOperation final : public WaitOperation {
 public:
  explicit SleepOperation(Deadline until) : WaitOperation(until) {}

 private:
  bool TryNow() override;
  void Register() override {}
  void Unregister() override {}
};
SleepOperation SleepUntil(Deadline until);
SleepOperation SleepFor(std::chrono::nanoseconds duration);

// Waits until a read (or write) on `fd` would not block, or has failed or
// reached its end. Level-triggered: data that is already there ends the wait at
// once. One task per direction of a descriptor; a second gets kBusy. Inside a
// task only: elsewhere kFailed with EINVAL in error().
//
// Close a descriptor that somebody may wait for with Scheduler::CloseFd():
// the kernel does not tell anybody about a plain close(2). A wait must not
// begin after the close: the number may be another file's by then.
class [[nodiscard]] FdOperation final : public WaitOperation {
 public:
  enum class Direction : uint8_t { kRead, kWrite };
  FdOperation(int fd, Direction direction, Deadline deadline)
      : WaitOperation(deadline), fd_(fd), direction_(direction) {}
  int error() const { return error_; }  // errno of kFailed.

 private:
  bool TryNow() override;
  void Register() override;
  void Unregister() override;
  int fd_;
  Direction direction_;
  int error_ = 0;
  bool armed_ = false;
  internal::Sched* sched_ = nullptr;
};
FdOperation WaitReadable(int fd, Deadline deadline = kNoDeadline);
FdOperation WaitWritable(int fd, Deadline deadline = kNoDeadline);

// Lets others run first. In a coroutine the task goes to the tail of the global
// queue; a closure lends its P, and at once gets it back when nobody else is
// runnable.
class [[nodiscard]] YieldOperation {
 public:
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> handle);
  void await_resume() const noexcept {}
  void Block();
};
YieldOperation Yield();

// True when this task should yield soon: it has run for 10 ms, or the world is
// to be stopped. Cheap enough for an inner loop. False outside of a task.
bool PreemptRequested();

}  // namespace reveille

#endif  // REVEILLE_WAIT_H_

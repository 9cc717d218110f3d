// Waiting: an operation of any kind, and what may come of it.
#ifndef REVEILLE_FUZZ_API_WAITING_H_
#define REVEILLE_FUZZ_API_WAITING_H_

#include <memory>
#include <utility>

#include "fuzz/promise.h"
#include "reveille/wait.h"

namespace reveille::fuzz {

// What a wait may end with besides kReady and kTimedOut.
struct Allowed {
  Deadline deadline = kNoDeadline;
  bool ready = true;
  bool cancelled = false;
  bool closed = false;
  bool busy = false;
  bool failed = false;
};

inline void CheckWake(Wake wake, const Allowed& allowed) {
  switch (wake) {
    case Wake::kReady:
      return Promise(allowed.ready, "a sleep is never ready");
    case Wake::kTimedOut:
      return Promise(allowed.deadline <= Clock::now(),
                     "a wait times out when its deadline has come");
    case Wake::kCancelled:
      return Promise(allowed.cancelled, "who is cancelled was to be");
    case Wake::kClosed:
      return Promise(allowed.closed, "only who was closed is told so");
    case Wake::kBusy:
      return Promise(allowed.busy, "busy is a descriptor with another waiter");
    case Wake::kFailed:
      return Promise(allowed.failed, "only waits for descriptors fail");
  }
  BrokenPromise("a wait ends with one of six words");
}

class Waiting {
 public:
  virtual ~Waiting() = default;
  virtual WaitOperation& operation() = 0;
  Allowed allowed;
};

// Operations stay where they are made; `keeps` lives as long.
template <typename Operation, typename Keeps = int>
class WaitingFor final : public Waiting {
 public:
  template <typename Make>
  explicit WaitingFor(Make make, Keeps keeps = Keeps())
      : keeps_(std::move(keeps)), operation_(make(keeps_)) {}
  WaitOperation& operation() override { return operation_; }

 private:
  Keeps keeps_;
  Operation operation_;
};

}  // namespace reveille::fuzz

#endif  // REVEILLE_FUZZ_API_WAITING_H_

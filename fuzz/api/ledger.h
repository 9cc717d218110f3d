// What was asked of a scheduler and what became of it, and the promises about
// both. Any thread; the end is for one who is alone.
#ifndef REVEILLE_FUZZ_API_LEDGER_H_
#define REVEILLE_FUZZ_API_LEDGER_H_

#include <atomic>
#include <cstdint>
#include <utility>

#include "fuzz/promise.h"
#include "reveille/scheduler.h"

namespace reveille::fuzz {

struct Ledger {
  std::atomic<uint64_t> accepted{0};  // Tasks.
  std::atomic<uint64_t> fired{0};     // Callbacks of timers that ran.
  std::atomic<uint64_t> thrown{0};    // Exceptions that left a task.
  std::atomic<uint64_t> caught{0};    // Those that on_exception was told of.
  std::atomic<int64_t> bodies{0};     // Tasks' bodies that are alive.
  std::atomic<int64_t> permits{0};    // Of all semaphores, as it should be.

  // After the scheduler is gone, or has shut down.
  void CheckNothingLeft() const {
    Promise(bodies.load() == 0, "what a task holds is destroyed once");
    Promise(thrown.load() == caught.load(),
            "each exception that leaves a task is reported");
  }
  void CheckReport(const Scheduler::ShutdownReport& report,
                   bool patient) const {
    Promise(!patient || (report.dropped == 0 && report.unfinished.empty()),
            "a shutdown without a deadline drops nothing");
    Promise(report.finished + report.dropped >= accepted.load(),
            "each task that was accepted is accounted for");
    Promise(report.dropped != 0 ||
                report.finished == accepted.load() + fired.load(),
            "as many tasks have finished as were spawned or fired");
  }
  // A permit may be lost with a task that was cut off, but none is made up.
  void CheckPermits(int64_t left, bool cut_off) const {
    Promise(cut_off ? left <= permits.load() : left == permits.load(),
            "a semaphore hands out each permit once");
  }
};

// In the body of a task, for as long as that lives.
class InLedger {
 public:
  explicit InLedger(Ledger* ledger) : ledger_(ledger) {
    ledger_->bodies.fetch_add(1);
  }
  InLedger(const InLedger& other) : InLedger(other.ledger_) {}
  InLedger(InLedger&& other) noexcept
      : ledger_(std::exchange(other.ledger_, nullptr)) {}
  InLedger& operator=(const InLedger&) = delete;
  ~InLedger() {
    if (ledger_ != nullptr) ledger_->bodies.fetch_sub(1);
  }

 private:
  Ledger* ledger_;
};

}  // namespace reveille::fuzz

#endif  // REVEILLE_FUZZ_API_LEDGER_H_

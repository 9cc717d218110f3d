// Ticket: one counted task, as the closure that carries it sees it. A pool that
// destroys the closure unrun is told on by the ticket's destructor.
#ifndef REVEILLE_STRESS_ORACLES_TICKET_H_
#define REVEILLE_STRESS_ORACLES_TICKET_H_

#include <cstdint>
#include <utility>

#include "stress/oracles/oracle.h"

namespace reveille::stress {

class Ticket {
 public:
  enum class IfDropped { kIsLost, kIsFine };

  // Takes over the number that Submitted() or Armed() gave.
  Ticket(Judge* judge, uint32_t task, IfDropped if_dropped = IfDropped::kIsLost)
      : judge_(judge), task_(task), if_dropped_(if_dropped) {}
  Ticket(Ticket&& other) noexcept
      : judge_(other.judge_),
        task_(other.task_),
        if_dropped_(other.if_dropped_),
        spent_(std::exchange(other.spent_, true)) {}
  Ticket& operator=(Ticket&&) = delete;
  ~Ticket() {
    if (!spent_) Drop();
  }

  // Runs the task's body between Started() and Finished().
  template <typename Body>
  void Run(Body&& body) {
    Begin();
    body();
    End();
  }
  // The same in pieces, for a task of several steps.
  void Begin() {
    spent_ = true;
    judge_->Started(task_);
  }
  void End() { judge_->Finished(task_); }

 private:
  void Drop() {
    if (if_dropped_ == IfDropped::kIsLost) {
      judge_->Dropped(task_);
    } else {
      judge_->Refused(task_);
    }
  }

  Judge* judge_;
  uint32_t task_;
  IfDropped if_dropped_;
  bool spent_ = false;  // Run, or moved from.
};

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_ORACLES_TICKET_H_

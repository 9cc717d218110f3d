#include "stress/oracles/idle_work_oracle.h"

#include "absl/strings/str_cat.h"

namespace reveille::stress {
namespace {

// What this worker ran last: the oracle under whose backlog it took an idle
// task, 0 after normal work.
thread_local uint64_t idle_under = 0;

uint64_t NextId() {
  static std::atomic<uint64_t> next{0};
  return next.fetch_add(1) + 1;
}

}  // namespace

IdleWorkOracle::IdleWorkOracle(Judge* judge, uint64_t in_hands)
    : judge_(judge), in_hands_(in_hands), id_(NextId()) {}

uint64_t IdleWorkOracle::Backlog() const {
  const uint64_t started = started_.load();
  const uint64_t queued = queued_.load();
  return queued > started ? queued - started : 0;
}

void IdleWorkOracle::NormalStarted() {
  started_.fetch_add(1);
  idle_under = 0;
}

void IdleWorkOracle::IdleStarted() {
  const uint64_t backlog = Backlog();
  if (backlog <= in_hands_) {
    idle_under = 0;
    return;
  }
  if (idle_under == id_) {
    judge_->Fail("check-failed",
                 absl::StrCat("a worker took two idle tasks in a row while ",
                              backlog, " normal tasks waited"));
  }
  idle_under = id_;
}

}  // namespace reveille::stress

#include "stress/oracles/event_oracle.h"

#include "absl/strings/str_cat.h"

namespace reveille::stress {

const char* ToString(NetpollPool::Event event) {
  switch (event) {
    case NetpollPool::Event::kReady:
      return "ready";
    case NetpollPool::Event::kTimedOut:
      return "timed out";
    case NetpollPool::Event::kClosed:
      return "closed";
    case NetpollPool::Event::kBusy:
      return "busy";
    case NetpollPool::Event::kFailed:
      return "failed";
  }
  return "unknown";
}

void EventOracle::WillBeReady(uint32_t task) {
  ready_.store(true);
  judge_->Due(task);
}

void EventOracle::WillBeClosed(uint32_t task) {
  closed_.store(true);
  judge_->Due(task);
}

bool EventOracle::IsJustified(Event event) const {
  switch (event) {
    case Event::kReady:
      return ready_.load();
    case Event::kTimedOut:
      return PoolClock::now() >= deadline_;
    case Event::kBusy:
      return contested_;
    case Event::kClosed:
      return closed_.load();
    case Event::kFailed:
      return false;
  }
  return false;
}

bool EventOracle::Accept(Event event) {
  if (IsJustified(event)) return true;
  const bool lost = event != Event::kReady && ready_.load();
  judge_->Fail(lost ? "lost-event" : "check-failed",
               absl::StrCat("a wait on a descriptor ended as ", ToString(event),
                            ready_.load() ? " though it was ready"
                                          : " without a cause"));
  return false;
}

}  // namespace reveille::stress

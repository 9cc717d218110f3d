// DescriptorWait: one wait on one end of a channel, with its oracle.
#ifndef REVEILLE_STRESS_SCENARIOS_DESCRIPTOR_WAIT_H_
#define REVEILLE_STRESS_SCENARIOS_DESCRIPTOR_WAIT_H_

#include <functional>

#include "stress/oracles/event_oracle.h"
#include "stress/scenarios/channel.h"
#include "stress/scenarios/round.h"

namespace reveille::stress {

class DescriptorWait {
 public:
  using Event = NetpollPool::Event;
  enum class For { kReading, kWriting };

  // Counts as armed from now on. Outlives the wait, as does the channel.
  DescriptorWait(Round& round, Channel& channel, For direction,
                 PoolClock::time_point deadline = EventOracle::kNever);

  // Before Begin(): another wait competes for the same end.
  void IsContested() { oracle_.IsContested(); }
  // Hands the wait to the pool; `handle` runs in the task that the event is.
  void Begin(std::function<void(Event)> handle);
  // Any thread, before or after Begin().
  void MakeReady();
  // From now on readiness is a true reason, although it is not made here.
  void ExpectReady();
  void Close();
  // In the handler: takes what the event promised, or complains.
  void Consume(Event event);

 private:
  bool reads() const { return direction_ == For::kReading; }

  Round& round_;
  Channel& channel_;
  const For direction_;
  const uint32_t task_;
  EventOracle oracle_;
};

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_SCENARIOS_DESCRIPTOR_WAIT_H_

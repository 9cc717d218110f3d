// Legs: batches of tasks, each submitted at the moment when the tasks of the
// one before, which have waited for each other, all end.
//
// Each submission so meets workers that have just ended their tasks: that begin
// to search, that have found something and hand the search on, and that are
// about to sleep.
#ifndef REVEILLE_STRESS_SCENARIOS_LEGS_H_
#define REVEILLE_STRESS_SCENARIOS_LEGS_H_

#include <deque>
#include <vector>

#include "stress/scenarios/meeting.h"
#include "stress/scenarios/round.h"

namespace reveille::stress {

class Legs {
 public:
  static constexpr int kOutside = -1;

  // As many legs as `carriers`, of `size` tasks each, which need that many
  // workers at the same time. A carrier is the task that submits the next leg,
  // or kOutside; that of the last leg carries nothing. Outlives its tasks.
  Legs(Round& round, int size, const std::vector<int>& carriers);

  // Submits the first leg, and those after it that are carried from outside.
  // Unless there is none of those, by a thread that is no worker.
  void Run();

 private:
  struct Leg {
    Leg(const Round& round, int size, int who)
        : meeting(round, size), carrier(who) {}

    Meeting meeting;
    const int carrier;
  };

  void Submit(size_t number);
  void AwaitEndOf(const Meeting& meeting) const;

  Round& round_;
  const int size_;
  std::deque<Leg> legs_;
};

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_SCENARIOS_LEGS_H_

// Round: one round of a scenario as its own code sees it. Submits closures as
// counted tasks, and ends the round: waits for all of them, then asks every
// general oracle.
//
// Any thread, tasks included, but for End() and AwaitAll(), which belong to the
// thread that runs the scenario. It outlives the tasks of its round.
#ifndef REVEILLE_STRESS_SCENARIOS_ROUND_H_
#define REVEILLE_STRESS_SCENARIOS_ROUND_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "stress/oracles/ticket.h"
#include "stress/scenarios/dice.h"
#include "stress/scenarios/scenario.h"

namespace reveille::stress {

class Round {
 public:
  explicit Round(ScenarioContext& context);

  Pool& pool() const { return context_.pool; }
  Judge& judge() const { return context_.judge; }
  const ScenarioKnobs& knobs() const { return context_.knobs; }
  bool tiny() const { return context_.knobs.tiny; }
  bool stopping() const { return context_.stop.load(); }
  // `many`, or `few` for a lens that wants all runs to be small.
  int Scale(int many, int few) const { return tiny() ? few : many; }

  // A closure that runs `body` as one counted task. The number is taken.
  template <typename Body>
  PoolFn Counted(Body body);
  // False: the pool refused.
  template <typename Body>
  bool Submit(Body body);
  template <typename Body>
  void SubmitIdle(Body body);
  // One task of several steps; false ends it.
  void SubmitYielding(std::function<bool()> step);
  // As a batch where the pool has such a thing, else one by one.
  void SubmitTogether(std::vector<std::function<void()>> bodies);

  // Runs `body` on `n` threads that are no workers, each with dice of its own,
  // and waits until all have returned.
  void RunOutside(int n, Dice& dice,
                  const std::function<void(Dice&, int)>& body);

  void AwaitAll() { judge().AwaitAllFinished(); }
  void End();

 private:
  ScenarioContext& context_;
};

template <typename Body>
PoolFn Round::Counted(Body body) {
  return [ticket = Ticket(&judge(), judge().Submitted()),
          body = std::move(body)]() mutable { ticket.Run(body); };
}

template <typename Body>
bool Round::Submit(Body body) {
  const uint32_t task = judge().Submitted();
  Ticket ticket(&judge(), task);
  if (pool().Submit([ticket = std::move(ticket),
                     body = std::move(body)]() mutable { ticket.Run(body); })) {
    return true;
  }
  judge().ForgiveDrop(task);
  return false;
}

template <typename Body>
void Round::SubmitIdle(Body body) {
  pool().AsIdleWork()->SubmitIdle(Counted(std::move(body)));
}

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_SCENARIOS_ROUND_H_

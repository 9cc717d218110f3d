// For the tests of the lens: many executions of one body, counted by verdict.
#ifndef REVEILLE_SANITIZERS_EXPLORE_EXPLORATION_H_
#define REVEILLE_SANITIZERS_EXPLORE_EXPLORATION_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "sanitizers/explore/explore.h"
#include "sanitizers/explore/strategies/random_walk.h"

namespace reveille::explore {

struct Tally {
  int runs = 0;
  std::map<Verdict, int> verdicts;
  std::set<uint64_t> hashes;
  std::string message;  // of the first outcome that was not clean

  int count(Verdict verdict) const {
    const auto found = verdicts.find(verdict);
    return found == verdicts.end() ? 0 : found->second;
  }
  bool clean() const { return count(Verdict::kClean) == runs; }
};

template <typename Body>
void CallBody(void* body) {
  (*static_cast<Body*>(body))();
}

template <typename Body>
Tally Explore(Strategy* strategy, int runs, Body body,
              const ExecutionLimits& limits = {}) {
  Tally tally;
  for (int key = 0; key < runs; ++key) {
    const Outcome* outcome = RunOnce(strategy, static_cast<uint64_t>(key),
                                     limits, CallBody<Body>, &body);
    if (outcome == nullptr) break;
    ++tally.runs;
    ++tally.verdicts[outcome->verdict];
    tally.hashes.insert(outcome->hash);
    if (outcome->verdict != Verdict::kClean && tally.message.empty()) {
      tally.message = outcome->message;
    }
  }
  return tally;
}

template <typename Body>
Tally Explore(int runs, Body body, const ExecutionLimits& limits = {}) {
  RandomWalk walk;
  return Explore(&walk, runs, body, limits);
}

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_EXPLORATION_H_

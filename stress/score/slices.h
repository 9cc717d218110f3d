// Slices: how a trial divides its time among the ways to meet a bug. The rule
// is the same for every subject, and knows nothing of any: each scenario with
// one, two and three workers, in an order that the trial's seed shuffles anew
// for each pass; short slices first, twice as long with each pass. Most bugs
// show at once where they show at all, and the rest get the remaining time. Two
// workers have twice the time of one, where there is less to explore, and of
// three, whose schedules are longer.
#ifndef REVEILLE_STRESS_SCORE_SLICES_H_
#define REVEILLE_STRESS_SCORE_SLICES_H_

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace reveille::stress {

struct Slice {
  std::string scenario;
  int procs = 1;
  int64_t ms = 0;          // Its length, in time or, where a trial is
  uint64_t schedules = 0;  // counted in them, in schedules.
  uint64_t seed = 0;
};

// "mix/2"; of a program that says itself how many workers it has, "program".
std::string PlaceOf(const std::string& scenario, int procs);

class Slices {
 public:
  static constexpr int64_t kFirstMs = 200;
  static constexpr uint64_t kFirstSchedules = 2000;
  static constexpr int kMostProcs = 3;
  static constexpr int kMostLikelyProcs = 2;

  Slices(const std::vector<std::string>& scenarios, uint64_t trial_seed);

  // The next one that is not among `skipped` scenarios. False: there is none.
  bool Next(const std::set<std::string>& skipped, Slice* slice);

 private:
  void Shuffle();

  const uint64_t seed_;
  std::vector<Slice> pass_;
  size_t next_ = 0;
  uint64_t passes_ = 0;
};

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_SCORE_SLICES_H_

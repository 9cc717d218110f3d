// A plain pool with a planted bug of choice, for tests of the judges.
#ifndef REVEILLE_STRESS_TESTING_BROKEN_POOL_H_
#define REVEILLE_STRESS_TESTING_BROKEN_POOL_H_

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "stress/pools/pool.h"

namespace reveille::stress {

enum class Fault {
  kNone,
  // Looks at the queue, and sleeps later, without a second look.
  kSleepsWithoutLooking,
  // Counts on a worker that it never started.
  kOneWorkerTooFew,
  // A searcher now and then leaves without taking itself off the count; who
  // submits wakes nobody while somebody searches.
  kLeaksSearcher,
  // Throws a task away now and then.
  kLosesTask,
  // Runs a task twice now and then.
  kRunsTwice,
  // Follows a null pointer, late.
  kCrashes,
  // A worker sleeps on after the end was announced.
  kHangsInShutdown,
};

class BrokenPool : public Pool, private WhiteBoxPool {
 public:
  BrokenPool(int workers, Fault fault, bool white_box);
  ~BrokenPool() override;

  bool Submit(PoolFn fn) override;
  int Parallelism() const override { return workers_; }
  bool Shutdown(PoolClock::time_point deadline) override;
  const WhiteBoxPool* AsWhiteBox() const override;

 private:
  PoolSnapshot Snapshot() const override;
  std::vector<std::pair<std::string, double>> Counters() const override;
  std::string StateDump() const override;
  std::string FlightRecord() const override { return "[]"; }
  std::string CheckQuiescent() const override { return ""; }

  void Work(int worker);
  void Search(std::unique_lock<std::mutex>& lock);
  void Sleep(std::unique_lock<std::mutex>& lock);
  void RunOne(std::unique_lock<std::mutex>& lock);
  bool Now(Fault fault, int every) const;
  void End();

  const int workers_;
  const Fault fault_;
  const bool white_box_;
  mutable std::mutex mutex_;  // Guards all below.
  std::condition_variable wake_;
  std::deque<PoolFn> queue_;
  std::vector<std::thread> threads_;
  std::vector<int> tids_;
  int busy_ = 0;
  int asleep_ = 0;
  int searching_ = 0;
  int wakes_given_ = 0;  // And not yet taken by a sleeper.
  uint64_t taken_ = 0;
  uint64_t steps_ = 0;
  bool stopping_ = false;
};

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_TESTING_BROKEN_POOL_H_

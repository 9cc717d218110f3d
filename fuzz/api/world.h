// World: all that the steps of one script act on: the scheduler, what tasks
// wait for, and the ledger of what they did. Outlives the scheduler's threads.
#ifndef REVEILLE_FUZZ_API_WORLD_H_
#define REVEILLE_FUZZ_API_WORLD_H_

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "fuzz/api/ledger.h"
#include "fuzz/api/script.h"
#include "fuzz/api/sockets.h"
#include "fuzz/api/waiting.h"
#include "reveille/scheduler.h"

namespace reveille::fuzz {

// Who performs a step.
struct Party {
  static constexpr int kMain = -1;
  int part = kMain;  // Of the script; kMain: the thread that runs it.

  bool is_main() const { return part == kMain; }
};

class World {
 public:
  static constexpr const char* kName = "named";  // Of parts that have one.

  explicit World(const Script& script);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // False: there is an obstacle, and it was reported as it should be.
  bool CreateScheduler();
  Scheduler& scheduler() { return *running_; }
  const Script& script() const { return script_; }
  Ledger& ledger() { return ledger_; }

  // The operation of a step that waits; null where there is nothing to wait
  // for. Afterwards, what it ended with.
  std::unique_ptr<Waiting> Begin(const Step& step, Party party);
  void Finish(const Step& step, Party party, Waiting* waiting, Wake wake);

  // Any other step but those of tasks.cc.
  void Perform(const Step& step, Party party);

  void Publish(int part, JoinHandle handle);
  // The end, and what must hold after it.
  void End();

 private:
  Deadline DeadlineOf(const Step& step, Party party) const;
  bool MayBeCancelled(Party party) const;
  size_t IndexOf(const Step& step) const;
  std::optional<JoinHandle> HandleOf(const Step& step) const;
  std::unique_ptr<Waiting> BeginAny(const Step& step, Deadline deadline);
  std::unique_ptr<Waiting> BeginSleep(const Step& step, Deadline deadline);
  std::unique_ptr<Waiting> BeginPark(const Step& step, Deadline deadline);
  std::unique_ptr<Waiting> BeginJoin(const Step& step, Deadline deadline);
  std::unique_ptr<Waiting> BeginFd(const Step& step, Deadline deadline);

  void EndWaits(const Step& step);
  void Cancel(const Step& step);
  void ChangeSocket(const Step& step);
  void Block(const Step& step);
  void Compute(const Step& step);
  void SpawnBurst(const Step& step);
  void SpawnElsewhere(const Step& step);
  void SpawnWhatThrows(const Step& step);
  void SetTimer(const Step& step);
  void Resize(const Step& step);
  void Look(const Step& step, Party party);
  void WhoAmI(Party party);
  // True as often as a script may do what takes long.
  bool MayTakeLong() { return long_steps_left_.fetch_sub(1) > 0; }

  void Drain();
  void DrainInTask();
  void ShutDown(Deadline deadline);
  void CheckRefusals();

  const Script& script_;
  Ledger ledger_;
  Event events_[2];
  Semaphore semaphores_[2];
  WaitQueue queue_;
  std::atomic<bool> skips_{false};  // What a predicate of the queue says.
  WaitGroup group_{1};
  std::deque<SocketPair> sockets_;
  mutable std::mutex mutex_;
  std::vector<std::optional<JoinHandle>> handles_;  // Guarded by mutex_.
  std::vector<std::atomic<bool>> cancelled_;        // By part.
  std::atomic<bool> cut_off_{false};  // The end with a deadline has begun.
  std::atomic<int> long_steps_left_{2};
  std::unique_ptr<Scheduler> elsewhere_;  // Another scheduler, of one P.
  std::unique_ptr<Scheduler> scheduler_;
  Scheduler* running_ = nullptr;  // For its tasks, while it is destroyed too.
  std::deque<Timer> timers_;
};

}  // namespace reveille::fuzz

#endif  // REVEILLE_FUZZ_API_WORLD_H_

// StressRun: one scenario on one pool in this process, round after round, until
// its time is over or something is found. A child process of the driver does
// nothing else: whatever the pool does to it is a result.
#ifndef REVEILLE_STRESS_DRIVER_STRESS_RUN_H_
#define REVEILLE_STRESS_DRIVER_STRESS_RUN_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "stress/chaos.h"
#include "stress/driver/run_spec.h"
#include "stress/driver/status_page.h"
#include "stress/oracles/oracle.h"
#include "stress/report/finding.h"
#include "stress/report/run_record.h"
#include "stress/wake_clock.h"
#include "stress/watchdog.h"

namespace reveille::stress {

class StressRun {
 public:
  StressRun(RunSpec spec, StatusPage* page);
  ~StressRun();
  StressRun(const StressRun&) = delete;
  StressRun& operator=(const StressRun&) = delete;

  // Returns the exit code when all went well; ends the process on the spot when
  // something is found, since what is stuck cannot be taken down.
  int Run();

  // Any thread. The round at hand ends soon; `interrupted`: before its time.
  void AskToStop(bool interrupted);
  // Any thread, when nothing else has helped: reports what can be seen from
  // outside and ends the process.
  [[noreturn]] void ReportUnjudged();

 private:
  absl::StatusOr<std::unique_ptr<Pool>> CreatePool(int parallelism) const;
  // The watchdog's Begin() and End(), unless it is off.
  void Watch(Pool* pool, const Judge* judge);
  void LookAway();
  bool MakePool();
  void RunRound(uint64_t round);
  void EndPool();
  const WhiteBoxPool* WhiteBox() const;
  void AddCounters();
  bool TimeIsOver() const;
  uint64_t RoundNumber(uint64_t n) const;

  void OnVerdict(const Verdict& verdict, const WatchdogReport& report);
  void ReportFailures();
  void Report(Finding finding);
  void Record(const Finding& finding);
  Finding NewFinding(absl::string_view verdict, absl::string_view what) const;
  nlohmann::json FailuresToJson() const;
  void FillRecord(absl::string_view outcome);
  // Appends the result line. An error goes to standard error and the line to
  // the parent all the same.
  bool WriteLine(absl::string_view outcome);
  [[noreturn]] void End(int code);

  const RunSpec spec_;
  StatusPage* const page_;
  const Scenario* const scenario_;
  const int64_t began_ns_;
  ScenarioKnobs knobs_;  // As the scenario has tuned them.
  Judge judge_;
  WakeClock wakes_;
  RunRecord record_;

  std::atomic<bool> stop_{false};
  std::atomic<bool> interrupted_{false};
  // Held by the thread that reports and ends the process; the first one wins.
  std::mutex ending_;

  std::unique_ptr<Pool> pool_;
  // For the thread that reports: null once the pool is being destroyed.
  std::atomic<Pool*> visible_pool_{nullptr};
  std::map<std::string, double> counters_;  // Summed over the pools so far.
  std::atomic<uint64_t> round_{0};
  std::unique_ptr<Chaos> chaos_;
  std::unique_ptr<Watchdog> watchdog_;
};

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_DRIVER_STRESS_RUN_H_

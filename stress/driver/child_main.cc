#include "stress/driver/child_main.h"

#include <signal.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <thread>

#include "stress/driver/exit_codes.h"
#include "stress/driver/run_spec.h"
#include "stress/driver/status_page.h"
#include "stress/driver/stress_run.h"
#include "stress/thread_sample.h"

namespace reveille::stress {
namespace {

// Waits for the parent's signals and for the end of the time, on a thread of
// its own, so that neither needs a handler. The signals are blocked everywhere,
// from before the first thread was made.
class Overseer {
 public:
  Overseer(StressRun* run, int64_t budget_ms)
      : run_(run), budget_ms_(budget_ms), thread_(&Overseer::Watch, this) {}
  ~Overseer() {
    done_.store(true);
    thread_.join();
  }

  static sigset_t Signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGQUIT);
    return signals;
  }

 private:
  void Watch() {
    ObserverThread observer("rv-overseer");
    const sigset_t signals = Signals();
    constexpr int64_t kLookMs = 20;
    const timespec look = {0, kLookMs * 1'000'000};
    timespec began;
    clock_gettime(CLOCK_MONOTONIC, &began);
    while (!done_.load()) {
      const int signal = sigtimedwait(&signals, nullptr, &look);
      if (signal == SIGTERM) run_->AskToStop(true);
      if (signal == SIGQUIT) run_->ReportUnjudged();
      timespec now;
      clock_gettime(CLOCK_MONOTONIC, &now);
      const int64_t ms = (now.tv_sec - began.tv_sec) * 1000 +
                         (now.tv_nsec - began.tv_nsec) / 1'000'000;
      if (ms >= budget_ms_) run_->AskToStop(false);
    }
  }

  StressRun* const run_;
  const int64_t budget_ms_;
  std::atomic<bool> done_{false};
  std::thread thread_;
};

}  // namespace

int ChildMain(const std::string& spec_json, int status_fd) {
  // Control-C reaches the whole foreground group; the parent passes it on.
  signal(SIGINT, SIG_IGN);
  const sigset_t signals = Overseer::Signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  // A parent that is killed takes its child along, results first.
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  prctl(PR_SET_NAME, "reveille");
  const absl::StatusOr<RunSpec> spec = RunSpecFromJson(spec_json);
  const absl::StatusOr<StatusPage*> page = StatusPage::Map(status_fd);
  if (!spec.ok() || !page.ok()) {
    const absl::Status& status = spec.ok() ? page.status() : spec.status();
    std::fprintf(stderr, "reveille: %s\n",
                 std::string(status.message()).c_str());
    return kExitFailed;
  }
  StressRun run(*spec, *page);
  Overseer overseer(&run, spec->budget_ms);
  return run.Run();
}

}  // namespace reveille::stress

#include "stress/chaos.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "stress/thread_sample.h"

namespace reveille::stress {
namespace {

// Nobody else uses it: by default it is ignored, and a debugger passes it on.
constexpr int kStallSignal = SIGURG;

// Global, because a signal may arrive when its Chaos is gone.
std::atomic<int> stalls_active{0};
std::atomic<uint64_t> stall_epoch{0};
std::atomic<bool> stalls_held{false};

int64_t NowNs() {
  timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return int64_t{ts.tv_sec} * 1'000'000'000 + ts.tv_nsec;
}

void SleepNs(int64_t ns) {
  const timespec ts = {static_cast<time_t>(ns / 1'000'000'000),
                       static_cast<long>(ns % 1'000'000'000)};
  nanosleep(&ts, nullptr);
}

void SpinUntil(int64_t end_ns) {
  while (NowNs() < end_ns) {
  }
}

// Async-signal-safe: clocks, sleeps and lock-free atomics only.
void OnStallSignal(int, siginfo_t* info, void*) {
  const int saved_errno = errno;
  stalls_active.fetch_add(1);
  stall_epoch.fetch_add(1);
  constexpr int64_t kWorthSleepingNs = 60'000;
  const int64_t ns = int64_t{info->si_value.sival_int} * 1000;
  const int64_t end_ns = NowNs() + ns;
  // A sleep that another signal cuts short goes on as a shorter stall.
  if (ns >= kWorthSleepingNs) {
    SleepNs(ns);
  } else {
    SpinUntil(end_ns);
  }
  stall_epoch.fetch_add(1);
  stalls_active.fetch_sub(1);
  errno = saved_errno;
}

void InstallStallHandler(bool restart) {
  struct sigaction action;
  std::memset(&action, 0, sizeof(action));
  action.sa_sigaction = OnStallSignal;
  action.sa_flags = SA_SIGINFO | (restart ? SA_RESTART : 0);
  sigemptyset(&action.sa_mask);
  sigaction(kStallSignal, &action, nullptr);
}

bool SendStall(int tid, int us) {
  siginfo_t info;
  std::memset(&info, 0, sizeof(info));
  info.si_signo = kStallSignal;
  info.si_code = SI_QUEUE;
  info.si_pid = getpid();
  info.si_uid = getuid();
  info.si_value.sival_int = us;
  return syscall(SYS_rt_tgsigqueueinfo, getpid(), tid, kStallSignal, &info) ==
         0;
}

}  // namespace

std::string ChaosOptions::ToString() const {
  std::vector<std::string> names;
  if (stall) names.push_back("stall");
  if (affinity) names.push_back("affinity");
  if (hogs) names.push_back("hogs");
  if (nice) names.push_back("nice");
  const bool all = names.size() == 4;
  if (eintr) names.push_back("eintr");
  if (all && !eintr) return "all";
  return names.empty() ? "none" : absl::StrJoin(names, ",");
}

absl::StatusOr<ChaosOptions> ParseChaos(absl::string_view text) {
  ChaosOptions options;
  if (text == "none") return options;
  for (const absl::string_view name : absl::StrSplit(text, ',')) {
    const bool all = name == "all";
    if (!all && name != "stall" && name != "affinity" && name != "hogs" &&
        name != "nice" && name != "eintr") {
      return absl::InvalidArgumentError(
          absl::StrCat("'", name,
                       "' is no kind of chaos; write all, none, or some of "
                       "stall,affinity,hogs,nice,eintr"));
    }
    options.stall |= all || name == "stall";
    options.affinity |= all || name == "affinity";
    options.hogs |= all || name == "hogs";
    options.nice |= all || name == "nice";
    options.eintr |= name == "eintr";
  }
  return options;
}

int Chaos::StallsActive() { return stalls_active.load(); }
uint64_t Chaos::StallEpoch() { return stall_epoch.load(); }
void Chaos::HoldStalls(bool hold) { stalls_held.store(hold); }

Chaos::Chaos(ChaosOptions options) : options_(options), rng_(options.seed) {
  CPU_ZERO(&allowed_);
  sched_getaffinity(0, sizeof(allowed_), &allowed_);
  if (options_.stall || options_.eintr) InstallStallHandler(!options_.eintr);
  const int hogs = options_.hogs ? std::max(1, CPU_COUNT(&allowed_)) : 0;
  for (int i = 0; i < hogs; ++i) {
    hogs_.emplace_back(&Chaos::Hog, this, rng_());
  }
  if (options_.Any()) controller_ = std::thread(&Chaos::Run, this);
}

Chaos::~Chaos() {
  stop_.store(true);
  if (controller_.joinable()) controller_.join();
  for (std::thread& hog : hogs_) hog.join();
  // The handler stays: a signal under way must still find it.
  while (stalls_active.load() != 0) SleepNs(100'000);
}

ChaosCounts Chaos::counts() const {
  return {stalls_.load(), affinity_moves_.load(), renices_.load(),
          static_cast<int>(hogs_.size())};
}

void Chaos::Run() {
  ObserverThread observer("rv-chaos");
  while (!stop_.load()) {
    const int64_t mean = options_.period_us;
    SleepNs(1000 * std::uniform_int_distribution<int64_t>(1, 2 * mean)(rng_));
    Disturb();
  }
  RestoreAll();
}

void Chaos::Disturb() {
  // Stalls are what hits the narrow windows; a move or a new niceness lasts.
  const auto dice = rng_() % 64;
  if (dice < 2 && options_.affinity) return MoveAffinity();
  if (dice < 4 && options_.nice) return Renice();
  if (options_.stall || options_.eintr) Stall();
}

int Chaos::PickThread() {
  if (--picks_until_refresh_ <= 0) {
    tids_ = AllThreads();
    std::erase_if(tids_, IsObserver);
    picks_until_refresh_ = 16;
  }
  return tids_.empty() ? 0 : tids_[rng_() % tids_.size()];
}

void Chaos::Stall() {
  if (stalls_held.load()) return;
  const double exponent = std::uniform_real_distribution<>(0, 1)(rng_);
  const int us = static_cast<int>(
      std::pow(static_cast<double>(options_.max_stall_us), exponent));
  constexpr int kTries = 4;
  for (int i = 0; i < kTries; ++i) {
    const int tid = PickThread();
    if (tid == 0 || (!options_.eintr && ThreadState(tid) != 'R')) continue;
    stall_epoch.fetch_add(1);
    if (SendStall(tid, us)) stalls_.fetch_add(1);
    return;
  }
}

void Chaos::MoveAffinity() {
  cpu_set_t some;
  CPU_ZERO(&some);
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &allowed_) && rng_() % 2 == 0) CPU_SET(cpu, &some);
  }
  const int tid = PickThread();
  if (tid == 0 || CPU_COUNT(&some) == 0) return;
  if (sched_setaffinity(tid, sizeof(some), &some) != 0) return;
  moved_[tid] = true;
  affinity_moves_.fetch_add(1);
}

void Chaos::Renice() {
  const int tid = PickThread();
  const int niceness = static_cast<int>(rng_() % 16);
  // Without privilege niceness only grows; a refusal changes nothing.
  if (tid == 0 || setpriority(PRIO_PROCESS, tid, niceness) != 0) return;
  reniced_[tid] = true;
  renices_.fetch_add(1);
}

void Chaos::RestoreAll() {
  for (const auto& [tid, moved] : moved_) {
    sched_setaffinity(tid, sizeof(allowed_), &allowed_);
  }
  for (const auto& [tid, reniced] : reniced_) setpriority(PRIO_PROCESS, tid, 0);
}

void Chaos::Hog(uint64_t seed) {
  ObserverThread observer("rv-hog");
  std::mt19937_64 rng(seed);
  std::uniform_int_distribution<int64_t> ns(200'000, 10'000'000);
  while (!stop_.load()) {
    SpinUntil(NowNs() + ns(rng));
    SleepNs(ns(rng));
  }
}

}  // namespace reveille::stress

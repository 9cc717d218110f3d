#include "stress/thread_sample.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace reveille::stress {
namespace {

constexpr int kMaxObservers = 64;
std::array<std::atomic<int>, kMaxObservers> observers;

// Reads at most `size - 1` bytes of /proc/self/task/<tid>/<file>; false when
// the thread is gone.
bool ReadTaskFile(int tid, const char* file, char* buffer, size_t size) {
  char path[64];
  std::snprintf(path, sizeof(path), "/proc/self/task/%d/%s", tid, file);
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const ssize_t n = read(fd, buffer, size - 1);
  close(fd);
  if (n <= 0) return false;
  buffer[n] = '\0';
  return true;
}

// The clock that pthread_getcpuclockid() would give, made from the thread id
// alone: other people's pools do not tell us their pthread_t. The encoding is
// the kernel's (linux/posix-timers.h: per thread, scheduler's clock).
int64_t CpuTimeOf(int tid) {
  constexpr unsigned kPerThread = 4, kSchedulerClock = 2;
  const auto clock = static_cast<clockid_t>((~static_cast<unsigned>(tid) << 3) |
                                            kPerThread | kSchedulerClock);
  timespec ts;
  if (clock_gettime(clock, &ts) != 0) return -1;
  return int64_t{ts.tv_sec} * 1'000'000'000 + ts.tv_nsec;
}

}  // namespace

int CurrentTid() {
  static thread_local const int tid = static_cast<int>(syscall(SYS_gettid));
  return tid;
}

std::vector<int> AllThreads() {
  std::vector<int> tids;
  DIR* dir = opendir("/proc/self/task");
  if (dir == nullptr) return tids;
  while (const dirent* entry = readdir(dir)) {
    const int tid = std::atoi(entry->d_name);
    if (tid > 0) tids.push_back(tid);
  }
  closedir(dir);
  std::sort(tids.begin(), tids.end());
  return tids;
}

char ThreadState(int tid) {
  char buffer[256];
  if (!ReadTaskFile(tid, "stat", buffer, sizeof(buffer))) return '?';
  // "tid (name) S ...": the name may contain anything, ')' too.
  const char* end_of_name = std::strrchr(buffer, ')');
  if (end_of_name == nullptr || end_of_name[1] != ' ') return '?';
  return end_of_name[2];
}

std::string ThreadName(int tid) {
  char buffer[64];
  if (!ReadTaskFile(tid, "comm", buffer, sizeof(buffer))) return "";
  std::string name = buffer;
  while (!name.empty() && name.back() == '\n') name.pop_back();
  return name;
}

std::vector<ThreadSample> SampleThreads() {
  std::vector<ThreadSample> samples;
  for (const int tid : AllThreads()) {
    if (IsObserver(tid)) continue;
    // Time before state: a thread that runs in between shows as running or as
    // having moved at the next sample, never as asleep since this one.
    const int64_t cpu_ns = CpuTimeOf(tid);
    const char state = ThreadState(tid);
    if (cpu_ns < 0 || state == '?' || state == 'Z' || state == 'X') continue;
    samples.push_back({tid, state, cpu_ns});
  }
  return samples;
}

ObserverThread::ObserverThread(const char* name) : slot_(-1) {
  prctl(PR_SET_NAME, name);
  for (int i = 0; i < kMaxObservers && slot_ < 0; ++i) {
    int free = 0;
    if (observers[i].compare_exchange_strong(free, CurrentTid())) slot_ = i;
  }
  if (slot_ < 0) {
    std::fprintf(stderr, "reveille: more than %d observer threads\n",
                 kMaxObservers);
    std::abort();
  }
}

ObserverThread::~ObserverThread() { observers[slot_].store(0); }

bool IsObserver(int tid) {
  return std::any_of(observers.begin(), observers.end(),
                     [tid](const auto& slot) { return slot.load() == tid; });
}

}  // namespace reveille::stress

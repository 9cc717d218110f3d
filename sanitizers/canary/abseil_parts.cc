// One part of Abseil at a time, on four threads:
//
//   build/tsan/bin/abseil_parts PART
//
// Under ThreadSanitizer, `allowed` (what Reveille uses) must stay silent
// although the distribution's Abseil knows nothing of the lens; it is a test.
// The others report falsely there, most of the time: that is why Reveille does
// without.
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

void OnFourThreads(int rounds, const std::function<void(int, int)>& part) {
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&part, rounds, thread] {
      for (int round = 0; round < rounds; ++round) part(thread, round);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// Threads 0 and 2 make values, 1 and 3 use them, through a std::mutex.
template <typename T>
class HandOver {
 public:
  template <typename Make, typename Use>
  void Turn(int thread, const Make& make, const Use& use) {
    if (thread % 2 == 0) {
      T value = make();
      const std::lock_guard lock(mutex_);
      values_.push_back(std::move(value));
      return;
    }
    T value;
    {
      const std::lock_guard lock(mutex_);
      if (values_.empty()) return;
      value = std::move(values_.front());
      values_.pop_front();
    }
    use(value);
  }

 private:
  std::mutex mutex_;
  std::deque<T> values_;
};

void UseStatus(const absl::Status& status) {
  const absl::StatusOr<int> none = status;
  Require(!none.ok() && status.message().size() > 5);
}

void UseStrings(int thread, int round) {
  const std::string text = absl::StrFormat("%d %s %5.2f", round, "a", 0.5);
  const std::vector<std::string> words = absl::StrSplit(text, ' ');
  absl::flat_hash_map<int, std::string> map;
  map[thread] = words.front();
  Require(map.size() == 1);
}

void Allowed() {
  HandOver<absl::AnyInvocable<void()>> functions;
  OnFourThreads(500, [&functions](int thread, int round) {
    UseStrings(thread, round);
    UseStatus(absl::InternalError(absl::StrCat(thread, " of ", round)));
    functions.Turn(
        thread,
        [round]() -> absl::AnyInvocable<void()> {
          return [text = absl::StrCat("task ", round)] {
            Require(text.size() > 5);
          };
        },
        [](absl::AnyInvocable<void()>& function) { function(); });
  });
}

void StatusHandedOver() {
  HandOver<absl::Status> statuses;
  OnFourThreads(2000, [&statuses](int thread, int round) {
    statuses.Turn(
        thread,
        [round] { return absl::InternalError(absl::StrCat("round ", round)); },
        UseStatus);
  });
}

void StatusShared() {
  for (int i = 0; i < 200; ++i) {
    absl::Status shared = absl::InternalError("held by several threads");
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([shared] { UseStatus(shared); });
    }
    shared = absl::OkStatus();
    for (std::thread& thread : threads) thread.join();
  }
}

void Mutex() {
  absl::Mutex mutex;
  int count = 0;
  OnFourThreads(2000, [&mutex, &count](int, int) {
    const absl::MutexLock lock(&mutex);
    ++count;
  });
  Require(count == 8000);
}

void Notification() {
  for (int i = 0; i < 100; ++i) {
    absl::Notification done;
    int value = 0;
    std::thread other([&done, &value] {
      value = 1;
      done.Notify();
    });
    done.WaitForNotification();
    Require(value == 1);
    other.join();
  }
}

void FormatTime() {
  OnFourThreads(
      50, [](int, int) { Require(!absl::FormatTime(absl::Now()).empty()); });
}

void BitGen() {
  OnFourThreads(50, [](int, int) {
    absl::BitGen random;
    Require(absl::Uniform(random, 0, 10) < 10);
  });
}

const std::map<std::string, void (*)()>& Parts() {
  static const auto& parts = *new std::map<std::string, void (*)()>{
      {"allowed", Allowed},
      {"status_handed_over", StatusHandedOver},
      {"status_shared", StatusShared},
      {"mutex", Mutex},
      {"notification", Notification},
      {"format_time", FormatTime},
      {"bit_gen", BitGen}};
  return parts;
}

}  // namespace

int main(int argc, char** argv) {
  const auto part = Parts().find(argc == 2 ? argv[1] : "");
  if (part == Parts().end()) {
    std::fprintf(stderr, "usage: abseil_parts PART; parts:");
    for (const auto& [name, run] : Parts()) {
      std::fprintf(stderr, " %s", name.c_str());
    }
    std::fprintf(stderr, "\n");
    return 2;
  }
  part->second();
  return 0;
}

// EventCount: a sound place to sleep, for dispatchers whose bug is elsewhere.
//
// Who wants to sleep takes a key, looks once more, and waits with it; whoever
// makes something true and notifies after the key was taken ends the wait.
#ifndef REVEILLE_STRESS_ZOO_EVENT_COUNT_H_
#define REVEILLE_STRESS_ZOO_EVENT_COUNT_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace reveille::stress::zoo {

class EventCount {
 public:
  using Key = uint64_t;

  Key Prepare() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return epoch_;
  }
  void Wait(Key key) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || epoch_ != key; });
  }
  // The same, looking up now and then: what hides lost wakeups in production.
  void WaitBriefly(Key key) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, std::chrono::milliseconds(10),
                      [&] { return closed_ || epoch_ != key; });
  }
  // Ends at least one wait that has begun, and those that still look.
  void NotifyOne() {
    std::lock_guard<std::mutex> lock(mutex_);
    ++epoch_;
    changed_.notify_one();
  }
  void NotifyAll() {
    std::lock_guard<std::mutex> lock(mutex_);
    ++epoch_;
    changed_.notify_all();
  }
  // From now on nobody sleeps.
  void Close() {
    std::lock_guard<std::mutex> lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  bool closed() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return closed_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Key epoch_ = 0;
  bool closed_ = false;
};

}  // namespace reveille::stress::zoo

#endif  // REVEILLE_STRESS_ZOO_EVENT_COUNT_H_

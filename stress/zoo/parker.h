// Parker: where one thread sleeps until it is given a permit. There is at most
// one permit; given before the sleep, it ends the sleep at once.
#ifndef REVEILLE_STRESS_ZOO_PARKER_H_
#define REVEILLE_STRESS_ZOO_PARKER_H_

#include <condition_variable>
#include <mutex>
#include <utility>

namespace reveille::stress::zoo {

class Parker {
 public:
  void Park() {
    std::unique_lock<std::mutex> lock(mutex_);
    given_.wait(lock, [this] { return permit_; });
    permit_ = false;
  }
  void Unpark() {
    std::lock_guard<std::mutex> lock(mutex_);
    permit_ = true;
    given_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable given_;
  bool permit_ = false;
};

}  // namespace reveille::stress::zoo

#endif  // REVEILLE_STRESS_ZOO_PARKER_H_

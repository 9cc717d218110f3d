// TaskQueue: tasks in the order of their coming. Any thread.
#ifndef REVEILLE_STRESS_ZOO_TASK_QUEUE_H_
#define REVEILLE_STRESS_ZOO_TASK_QUEUE_H_

#include <deque>
#include <mutex>
#include <utility>

#include "stress/pools/pool.h"

namespace reveille::stress::zoo {

class TaskQueue {
 public:
  void Push(PoolFn fn) {
    std::lock_guard<std::mutex> lock(mutex_);
    tasks_.push_back(std::move(fn));
  }
  // Null: there is none.
  PoolFn TryPop() {
    std::lock_guard<std::mutex> lock(mutex_);
    if (tasks_.empty()) return nullptr;
    PoolFn fn = std::move(tasks_.front());
    tasks_.pop_front();
    return fn;
  }
  bool Empty() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return tasks_.empty();
  }

 private:
  mutable std::mutex mutex_;
  std::deque<PoolFn> tasks_;
};

}  // namespace reveille::stress::zoo

#endif  // REVEILLE_STRESS_ZOO_TASK_QUEUE_H_

// EdgePoller: waits on descriptors by edges. Each descriptor is registered
// once, for both directions; an edge that comes while nobody waits is dropped,
// so who begins to wait has to look for himself. How, is left to derived
// classes.
//
// I1: waits and table change with mutex_ held; an edge is dealt with under it.
#ifndef REVEILLE_STRESS_ZOO_EDGE_POLLER_H_
#define REVEILLE_STRESS_ZOO_EDGE_POLLER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "stress/pools/pool.h"

namespace reveille::stress::zoo {

class EdgePoller : public NetpollPool {
 public:
  using Done = absl::AnyInvocable<void(Event)>;
  using TimePoint = PoolClock::time_point;

  // `enqueue` makes a function runnable. Any thread, until Stop().
  explicit EdgePoller(std::function<void(PoolFn)> enqueue);
  ~EdgePoller() override;

  void SubmitOnReadable(int fd, TimePoint deadline, Done done) final;
  void SubmitOnWritable(int fd, TimePoint deadline, Done done) final;
  void Close(int fd) final;
  // Ends the thread, if it was ever needed; open waits are dropped.
  void Stop();

 protected:
  using Lock = std::unique_lock<std::mutex>;
  enum Direction { kRead = 0, kWrite = 1 };
  struct Wait {
    TimePoint deadline;
    Done done;
  };

  // Begins a wait on a registered descriptor, or ends it at once.
  virtual void Begin(int fd, Direction direction,
                     std::unique_ptr<Wait> wait) = 0;

  static bool IsReady(int fd, Direction direction);
  // With the mutex held:
  void Install(int fd, Direction direction, std::unique_ptr<Wait> wait);
  void Finish(std::unique_ptr<Wait> wait, Event event);

  std::mutex& mutex() { return mutex_; }

 private:
  // `id` tells a descriptor from a later one with the same number.
  struct Entry {
    uint32_t id;
    std::unique_ptr<Wait> waits[2];
  };

  void Submit(int fd, Direction direction, TimePoint deadline, Done done);
  bool Register(int fd);
  void StartThread();
  void Work();
  void Deliver(uint64_t key);
  int Expire();
  void Break();

  const std::function<void(PoolFn)> enqueue_;
  std::mutex mutex_;
  std::map<int, Entry> table_;
  uint32_t next_id_ = 1;
  bool stopping_ = false;
  int epoll_fd_ = -1;
  int break_fd_ = -1;
  std::thread thread_;
};

}  // namespace reveille::stress::zoo

#endif  // REVEILLE_STRESS_ZOO_EDGE_POLLER_H_

// Waits on descriptors, plainly: one thread in epoll_wait(), one table under
// one mutex, interest armed afresh for each wait.
#ifndef REVEILLE_STRESS_POOLS_REFERENCE_NETPOLL_H_
#define REVEILLE_STRESS_POOLS_REFERENCE_NETPOLL_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "stress/pools/pool.h"

namespace reveille::stress {

class ReferenceNetpoll final : public NetpollPool {
 public:
  using Done = absl::AnyInvocable<void(Event)>;
  using TimePoint = PoolClock::time_point;

  // `enqueue` makes a function runnable. Any thread, any time until Stop().
  explicit ReferenceNetpoll(std::function<void(PoolFn)> enqueue);
  ~ReferenceNetpoll() override;

  void SubmitOnReadable(int fd, TimePoint deadline, Done done) override;
  void SubmitOnWritable(int fd, TimePoint deadline, Done done) override;
  void Close(int fd) override;
  // Ends the thread, if it was ever needed; open waits are dropped.
  void Stop();

 private:
  enum Direction { kRead = 0, kWrite = 1 };
  struct Wait {
    TimePoint deadline;
    Done done;
  };
  // One descriptor. `id` tells it from a later one with the same number.
  struct Entry {
    uint32_t id;
    std::unique_ptr<Wait> waits[2];
  };
  using Table = std::map<int, Entry>;

  void Add(int fd, Direction direction, TimePoint deadline, Done done);
  bool Arm(int fd, const Entry& entry);
  void Finish(std::unique_ptr<Wait> wait, Event event);
  void StartThread();
  void Work();
  void Deliver(uint64_t key, uint32_t events);
  int Expire();
  void Break();

  const std::function<void(PoolFn)> enqueue_;
  std::mutex mutex_;
  Table table_;
  uint32_t next_id_ = 1;
  bool stopping_ = false;
  int epoll_fd_ = -1;
  int break_fd_ = -1;
  std::thread thread_;
};

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_POOLS_REFERENCE_NETPOLL_H_

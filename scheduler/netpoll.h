// Netpoll: epoll and an eventfd to break it (Go: runtime/netpoll_epoll.go).
//
// A descriptor is armed for one event at a time (EPOLLONESHOT,
// level-triggered): one epoll_ctl for each wait, and no demand that the user
// drain a descriptor before he waits for it, which an edge-triggered
// registration would make.
//
// Who may call: any thread. Poll(block) by one thread at a time, which is what
// `lastpoll` is for.
#ifndef REVEILLE_SCHEDULER_NETPOLL_H_
#define REVEILLE_SCHEDULER_NETPOLL_H_

#include <atomic>
#include <cstdint>
#include <string>

#include "scheduler/g.h"
#include "scheduler/poll_desc.h"
#include "scheduler/poll_desc_table.h"

namespace reveille::internal {

class Netpoll {
 public:
  using Direction = FdOperation::Direction;

  Netpoll() = default;
  ~Netpoll();
  Netpoll(const Netpoll&) = delete;
  Netpoll& operator=(const Netpoll&) = delete;

  // 0, or the errno of the call named in *what.
  int Init(std::string* what);

  // netpollblock: puts the waiter into its slot and arms the descriptor.
  // 0: it can be woken from now on. EBUSY: the direction is taken. Else errno.
  int Block(int fd, Direction direction, Waiter* waiter);
  // netpollunblock: takes it out again, if it is still there.
  void Unblock(int fd, Direction direction, Waiter* waiter);
  // Claims all waiters with kClosed and closes the descriptor. 0 or errno.
  int Close(int fd, GList* woken, uint32_t* delta);

  // Appends the Gs that became ready. delay_ns < 0 blocks, 0 polls, otherwise
  // it is rounded up to milliseconds. Only a blocking poll drains the break:
  // a poll that swallowed it would leave the sleeper asleep.
  // Returns the delta: how much to lower `waiters` by, once `ready` is
  // runnable.
  uint32_t Poll(int64_t delay_ns, GList* ready);
  // netpollBreak: ends a blocking Poll(), now or the next one.
  void Break();

  // Gs parked on descriptors. Raised before they can be woken; lowered by
  // whoever made them runnable, afterwards (#61454).
  std::atomic<uint32_t> waiters{0};
  std::atomic<uint64_t> breaks{0};

 private:
  int Arm(int fd, PollDesc* desc);
  uint32_t Dispatch(uint64_t tag, uint32_t events, GList* ready);
  static uint32_t Finish(PollDesc* desc, Direction direction, Wake wake,
                         GList* woken);
  void Drain();

  int epoll_fd_ = -1;
  int event_fd_ = -1;
  std::atomic<bool> wake_sig_{false};  // netpollWakeSig: a break is in flight.
  PollDescTable descs_;
};

}  // namespace reveille::internal

#endif  // REVEILLE_SCHEDULER_NETPOLL_H_

#include "stress/scenarios/descriptor_wait.h"

#include <utility>

namespace reveille::stress {

DescriptorWait::DescriptorWait(Round& round, Channel& channel, For direction,
                               PoolClock::time_point deadline)
    : round_(round),
      channel_(channel),
      direction_(direction),
      task_(round.judge().Armed()),
      oracle_(&round.judge(), deadline) {}

void DescriptorWait::Begin(std::function<void(Event)> handle) {
  auto done = [this, ticket = Ticket(&round_.judge(), task_),
               handle = std::move(handle)](Event event) mutable {
    ticket.Run([&] {
      if (oracle_.Accept(event)) handle(event);
    });
  };
  NetpollPool* const pool = round_.pool().AsNetpoll();
  if (reads()) {
    pool->SubmitOnReadable(channel_.read_fd(), oracle_.deadline(),
                           std::move(done));
  } else {
    pool->SubmitOnWritable(channel_.write_fd(), oracle_.deadline(),
                           std::move(done));
  }
}

void DescriptorWait::ExpectReady() { oracle_.WillBeReady(task_); }

void DescriptorWait::MakeReady() {
  ExpectReady();
  if (reads()) {
    channel_.Feed();
  } else {
    channel_.Drain();
  }
}

void DescriptorWait::Close() {
  oracle_.WillBeClosed(task_);
  channel_.CloseThrough(round_.pool().AsNetpoll(), !reads());
}

void DescriptorWait::Consume(Event event) {
  if (event != Event::kReady || !reads() || channel_.Drain()) return;
  round_.judge().Fail("check-failed", "a ready descriptor had nothing to read");
}

}  // namespace reveille::stress

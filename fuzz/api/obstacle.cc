#include "fuzz/api/obstacle.h"

#include <fcntl.h>
#include <unistd.h>

#include "fuzz/promise.h"

namespace reveille::fuzz {

NoThreadsToBeHad::NoThreadsToBeHad() {
  pthread_getattr_default_np(&before_);
  pthread_attr_t huge;
  pthread_attr_init(&huge);
  pthread_attr_setstacksize(&huge, size_t{1} << 47);
  Promise(pthread_setattr_default_np(&huge) == 0,
          "a default size of stacks can be set");
  pthread_attr_destroy(&huge);
}

NoThreadsToBeHad::~NoThreadsToBeHad() {
  pthread_setattr_default_np(&before_);
  pthread_attr_destroy(&before_);
}

FewDescriptors::FewDescriptors(int more) {
  getrlimit(RLIMIT_NOFILE, &before_);
  // The lowest number that is free is the next one given.
  const int next = fcntl(0, F_DUPFD_CLOEXEC, 0);
  if (next >= 0) close(next);
  rlimit few = before_;
  few.rlim_cur = static_cast<rlim_t>(next < 0 ? 0 : next + more);
  Promise(setrlimit(RLIMIT_NOFILE, &few) == 0,
          "the limit of descriptors can be lowered");
}

FewDescriptors::~FewDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }

absl::StatusCode CodeFor(Obstacle obstacle) {
  switch (obstacle) {
    case Obstacle::kNone:
      return absl::StatusCode::kOk;
    case Obstacle::kNoThreads:
    case Obstacle::kNoDescriptors:
    case Obstacle::kOneDescriptor:
      return absl::StatusCode::kResourceExhausted;
    default:
      return absl::StatusCode::kInvalidArgument;
  }
}

}  // namespace reveille::fuzz

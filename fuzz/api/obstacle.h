// What is in the way of Scheduler::Create(), put there for a while.
#ifndef REVEILLE_FUZZ_API_OBSTACLE_H_
#define REVEILLE_FUZZ_API_OBSTACLE_H_

#include <pthread.h>
#include <sys/resource.h>

#include <optional>

#include "absl/status/status.h"
#include "fuzz/api/script.h"

namespace reveille::fuzz {

// While it lives, pthread_create() fails: the default stack is larger than the
// address space. Unlike a limit of processes this binds root as well.
class NoThreadsToBeHad {
 public:
  NoThreadsToBeHad();
  ~NoThreadsToBeHad();
  NoThreadsToBeHad(const NoThreadsToBeHad&) = delete;
  NoThreadsToBeHad& operator=(const NoThreadsToBeHad&) = delete;

 private:
  pthread_attr_t before_;
};

// While it lives, so many descriptors can be opened and no more.
class FewDescriptors {
 public:
  explicit FewDescriptors(int more);
  ~FewDescriptors();
  FewDescriptors(const FewDescriptors&) = delete;
  FewDescriptors& operator=(const FewDescriptors&) = delete;

 private:
  rlimit before_;
};

// Those that lie in the options are none of its business.
class ObstacleInPlace {
 public:
  explicit ObstacleInPlace(Obstacle obstacle) {
    if (obstacle == Obstacle::kNoThreads) threads_.emplace();
    if (obstacle == Obstacle::kNoDescriptors) descriptors_.emplace(0);
    if (obstacle == Obstacle::kOneDescriptor) descriptors_.emplace(1);
  }

 private:
  std::optional<NoThreadsToBeHad> threads_;
  std::optional<FewDescriptors> descriptors_;
};

// What Create() answers to it.
absl::StatusCode CodeFor(Obstacle obstacle);

}  // namespace reveille::fuzz

#endif  // REVEILLE_FUZZ_API_OBSTACLE_H_

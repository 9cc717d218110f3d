// std::mutex under clang's thread-safety analysis.
//
// It looks a few times before it sleeps: the sections it guards are a few dozen
// instructions long, and a futex round trip costs a hundred times that.
#ifndef REVEILLE_INTERNAL_MUTEX_H_
#define REVEILLE_INTERNAL_MUTEX_H_

#include <mutex>

#if defined(__clang__)
#define REVEILLE_ATTRIBUTE(x) __attribute__((x))
#else
#define REVEILLE_ATTRIBUTE(x)
#endif
#define REVEILLE_CAPABILITY(x) REVEILLE_ATTRIBUTE(capability(x))
#define REVEILLE_SCOPED_CAPABILITY REVEILLE_ATTRIBUTE(scoped_lockable)
#define REVEILLE_GUARDED_BY(x) REVEILLE_ATTRIBUTE(guarded_by(x))
#define REVEILLE_REQUIRES(...) \
  REVEILLE_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define REVEILLE_ACQUIRE(...) \
  REVEILLE_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define REVEILLE_RELEASE(...) \
  REVEILLE_ATTRIBUTE(release_capability(__VA_ARGS__))
#define REVEILLE_EXCLUDES(...) REVEILLE_ATTRIBUTE(locks_excluded(__VA_ARGS__))
#define REVEILLE_NO_THREAD_SAFETY_ANALYSIS \
  REVEILLE_ATTRIBUTE(no_thread_safety_analysis)

namespace reveille::internal {

class REVEILLE_CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() REVEILLE_ACQUIRE() {
    if (!mutex_.try_lock()) LockSlow();
  }
  void Unlock() REVEILLE_RELEASE() { mutex_.unlock(); }

 private:
  void LockSlow() REVEILLE_NO_THREAD_SAFETY_ANALYSIS;
  std::mutex mutex_;
};

class REVEILLE_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex* mutex) REVEILLE_ACQUIRE(mutex) : mutex_(mutex) {
    mutex_->Lock();
  }
  ~MutexLock() REVEILLE_RELEASE() { mutex_->Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex* mutex_;
};

}  // namespace reveille::internal

#endif  // REVEILLE_INTERNAL_MUTEX_H_

// pthread_once and __cxa_guard_*: initialisation that happens once, once per
// execution (statics.h). Compiled with exceptions: the initialiser may throw.
#include <pthread.h>

#include "../statics.h"
#include "intercept.h"

namespace reveille::explore {
namespace {

// Values of pthread_once_t, those of the C library where they are final.
enum { kFresh = 0, kRunning = 1, kDone = 2 };

bool OnceIsNotRunning(const Fiber& fiber) {
  return *reinterpret_cast<volatile int*>(PendingOf(&fiber).object) != kRunning;
}

void SetOnce(Fiber* self, pthread_once_t* once, int value) {
  *once = value;
  self->spin.Forget();
  ObjectChanged(AddressOf(once));
}

// Gives the once back if the initialiser leaves by an exception.
class Running {
 public:
  Running(Fiber* self, pthread_once_t* once) : self_(self), once_(once) {}
  ~Running() { SetOnce(self_, once_, done_ ? kDone : kFresh); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  void Finish() { done_ = true; }

 private:
  Fiber* self_;
  pthread_once_t* once_;
  bool done_ = false;
};

// The guard of the C++ ABI: the first byte is what compiled code looks at, the
// second is ours.
struct Guard {
  volatile uint8_t done;
  volatile uint8_t running;
};

bool GuardIsNotRunning(const Fiber& fiber) {
  return reinterpret_cast<Guard*>(PendingOf(&fiber).object)->running == 0;
}

void SetGuard(Fiber* self, Guard* guard, bool done) {
  guard->done = done;
  guard->running = 0;
  self->spin.Forget();
  ObjectChanged(AddressOf(guard));
}

}  // namespace
}  // namespace reveille::explore

using namespace reveille::explore;

REVEILLE_INTERPOSE int pthread_once(pthread_once_t* once, void (*body)()) {
  Fiber* self = Self();
  if (self == nullptr) return REVEILLE_NEXT(pthread_once)(once, body);
  PointWhen(self, Kind::kOnce, AddressOf(once), REVEILLE_CALLER,
            &OnceIsNotRunning);
  Saw(self, static_cast<uint64_t>(*once));
  if (*once == kDone) return 0;
  RememberGuard(once, sizeof *once);
  SetOnce(self, once, kRunning);
  Running running(self, once);
  body();
  running.Finish();
  return 0;
}

extern "C" __attribute__((visibility("default"))) int __cxa_guard_acquire(
    Guard* guard) {
  Fiber* self = Self();
  if (self == nullptr) {
    using Original = int (*)(Guard*);
    static Original original;
    if (original == nullptr) {
      original =
          reinterpret_cast<Original>(native::Next("__cxa_guard_acquire"));
    }
    return original(guard);
  }
  PointWhen(self, Kind::kGuard, AddressOf(guard), REVEILLE_CALLER,
            &GuardIsNotRunning);
  Saw(self, guard->done);
  if (guard->done != 0) return 0;
  RememberGuard(guard, 8);
  guard->running = 1;
  self->spin.Forget();
  ObjectChanged(AddressOf(guard));
  return 1;
}

extern "C" __attribute__((visibility("default"))) void __cxa_guard_release(
    Guard* guard) {
  Fiber* self = Self();
  if (self != nullptr) return SetGuard(self, guard, true);
  using Original = void (*)(Guard*);
  static Original original;
  if (original == nullptr) {
    original = reinterpret_cast<Original>(native::Next("__cxa_guard_release"));
  }
  original(guard);
}

extern "C" __attribute__((visibility("default"))) void __cxa_guard_abort(
    Guard* guard) {
  Fiber* self = Self();
  if (self != nullptr) return SetGuard(self, guard, false);
  using Original = void (*)(Guard*);
  static Original original;
  if (original == nullptr) {
    original = reinterpret_cast<Original>(native::Next("__cxa_guard_abort"));
  }
  original(guard);
}

REVEILLE_INTERPOSE int __cxa_atexit(void (*function)(void*), void* argument,
                                    void* dso) noexcept {
  using Original = int (*)(void (*)(void*), void*, void*);
  if (Self() != nullptr)
    return RememberExitHandler(function, argument) ? 0 : -1;
  static Original original;
  if (original == nullptr) {
    original = reinterpret_cast<Original>(native::Next("__cxa_atexit"));
  }
  return original(function, argument, dso);
}

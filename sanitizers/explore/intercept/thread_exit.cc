// thread_local destructors and thread-specific data.
#include "thread_exit.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>

#include "../statics.h"
#include "intercept.h"

namespace reveille::explore {
namespace {

using Destructor = void (*)(void*);

// By key; keys are recorded wherever they are created, because a key of the
// program's start may be used inside an execution.
constinit Destructor g_destructors[kThreadKeys];

bool RunKeyDestructors(Fiber* self) {
  bool any = false;
  for (int key = 0; key < kThreadKeys; ++key) {
    void* value = self->keys[key];
    if (value == nullptr || g_destructors[key] == nullptr) continue;
    self->keys[key] = nullptr;
    g_destructors[key](value);
    any = true;
  }
  return any;
}

int RememberThreadExit(Fiber* self, Destructor function, void* object) {
  constexpr int kMost = sizeof self->exit_handlers / sizeof(ExitHandler);
  if (self->exit_handler_count == kMost) {
    End(Verdict::kTooMany, "more than %d thread_local destructors", kMost);
  }
  self->exit_handlers[self->exit_handler_count++] = {function, object};
  return 0;
}

}  // namespace

void RunThreadExitHandlers(Fiber* self) {
  while (self->exit_handler_count > 0) {
    const ExitHandler handler = self->exit_handlers[--self->exit_handler_count];
    handler.function(handler.argument);
  }
  if (!self->keys_used) return;
  for (int round = 0; round < PTHREAD_DESTRUCTOR_ITERATIONS; ++round) {
    if (!RunKeyDestructors(self)) return;
  }
}

}  // namespace reveille::explore

using namespace reveille::explore;

extern "C" int __cxa_thread_atexit_impl(void (*)(void*), void*, void*) noexcept;

REVEILLE_INTERPOSE int __cxa_thread_atexit(void (*function)(void*),
                                           void* object, void* dso) noexcept {
  Fiber* self = Self();
  if (self == nullptr) return __cxa_thread_atexit_impl(function, object, dso);
  return RememberThreadExit(self, function, object);
}

REVEILLE_INTERPOSE int pthread_key_create(pthread_key_t* key,
                                          void (*destructor)(void*)) noexcept {
  const int error = REVEILLE_NEXT(pthread_key_create)(key, destructor);
  if (error != 0) return error;
  if (*key < kThreadKeys) g_destructors[*key] = destructor;
  if (Self() == nullptr) return 0;
  if (*key >= kThreadKeys) {
    End(Verdict::kTooMany, "more than %d thread-specific keys", kThreadKeys);
  }
  RememberKey(*key);
  return 0;
}

REVEILLE_INTERPOSE void* pthread_getspecific(pthread_key_t key) noexcept {
  Fiber* self = Self();
  if (self == nullptr) return REVEILLE_NEXT(pthread_getspecific)(key);
  return key < kThreadKeys ? self->keys[key] : nullptr;
}

REVEILLE_INTERPOSE int pthread_setspecific(pthread_key_t key,
                                           const void* value) noexcept {
  Fiber* self = Self();
  if (self == nullptr) return REVEILLE_NEXT(pthread_setspecific)(key, value);
  if (key >= kThreadKeys) return EINVAL;
  self->keys_used = true;
  self->keys[key] = const_cast<void*>(value);
  return 0;
}

REVEILLE_INTERPOSE int pthread_key_delete(pthread_key_t key) noexcept {
  if (key < kThreadKeys) g_destructors[key] = nullptr;
  if (Self() == nullptr) return REVEILLE_NEXT(pthread_key_delete)(key);
  return 0;  // really deleted when the execution is over
}

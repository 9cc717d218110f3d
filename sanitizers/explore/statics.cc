#include "statics.h"

#include <pthread.h>
#include <string.h>

#include "arena.h"
#include "buffer.h"
#include "fiber.h"
#include "native.h"

namespace reveille::explore {
namespace {

struct Guard {
  void* address;
  int bytes;
};

constexpr size_t kMost = 4096;

constinit Buffer<Guard> g_guards;
constinit Buffer<ExitHandler> g_exit_handlers;
constinit Buffer<unsigned> g_keys;

}  // namespace

void RememberGuard(void* guard, int bytes) {
  // What lies in the arena or on a stack goes away by itself.
  if (Arena::Owns(guard)) return;
  if (StackOwner(reinterpret_cast<uintptr_t>(guard)) >= 0) return;
  g_guards.Reserve(kMost);
  g_guards.Push({guard, bytes});
}

bool RememberExitHandler(void (*function)(void*), void* argument) {
  g_exit_handlers.Reserve(kMost);
  return g_exit_handlers.Push({function, argument});
}

void RunExitHandlers() {
  while (!g_exit_handlers.empty()) {
    const ExitHandler handler = g_exit_handlers.back();
    g_exit_handlers.Pop();
    handler.function(handler.argument);
  }
}

void RememberKey(unsigned key) {
  g_keys.Reserve(kThreadKeys);
  g_keys.Push(key);
}

void RestoreStatics() {
  for (const Guard& guard : g_guards) {
    memset(guard.address, 0, static_cast<size_t>(guard.bytes));
  }
  g_guards.Clear();
  g_exit_handlers.Clear();
  for (unsigned key : g_keys) REVEILLE_NEXT(pthread_key_delete)(key);
  g_keys.Clear();
}

}  // namespace reveille::explore

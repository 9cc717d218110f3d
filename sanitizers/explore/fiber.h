// Threads of the code under test, as fibers on one kernel thread.
//
// A fiber has a stack of its own and runs with the FS base of a parked POSIX
// thread (tls_donor.h), so that thread_local, errno and the C++ runtime find
// what they expect. Used only from the kernel thread that explores.
#ifndef REVEILLE_SANITIZERS_EXPLORE_FIBER_H_
#define REVEILLE_SANITIZERS_EXPLORE_FIBER_H_

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "choice.h"
#include "spin.h"

namespace reveille::explore {

inline constexpr size_t kStackBytes = size_t{1} << 20;
inline constexpr int kShadowFrames = 256;
inline constexpr int kThreadKeys = 128;
// A loop of plain accesses may wait for another thread all the same; after so
// many in a row one is taken for visible, and the others get their turn.
inline constexpr uint32_t kPlainRun = 1 << 16;

enum class Life : uint8_t { kUnused, kAlive, kFinished };

struct Fiber;
using Ready = bool (*)(const Fiber& fiber);

// A thread waits when `ready` is set: it is enabled exactly while
// ready(fiber) holds. What is asked depends on the family (mutex free, token
// available, wakeup received), so every family shares one mechanism.
struct Waiting {
  Ready ready = nullptr;
  // Set for two-stage waits (condition variables): once woken, the thread
  // waits for this instead.
  Ready then_ready = nullptr;
  uintptr_t then_object = 0;
  uint64_t argument = 0;  // the family's own: futex bits, barrier round, ...
  uint64_t wanted = 0;    // bytes or counts that must fit, for writers
  uint64_t deadline = 0;  // virtual nanoseconds; 0: none
  bool woken = false;
  bool timed_out = false;
  bool timeout_ends = false;  // a timeout ends the wait whatever ready() says
};

struct ExitHandler {
  void (*function)(void*) = nullptr;
  void* argument = nullptr;
};

struct Fiber {
  void* stack_pointer = nullptr;
  uintptr_t fs_base = 0;
  uint64_t bit = 0;
  uint8_t id = 0;
  Life life = Life::kUnused;
  bool detached = false;
  bool may_wait_forever = false;  // declared by ThreadMayWaitForever()
  bool clock_driven = false;  // woken by the clock and by nothing else since
  uint32_t generation = 0;    // how many threads used this number before

  Waiting waiting;
  Spin spin;

  void* (*entry)(void*) = nullptr;
  void* argument = nullptr;
  void* result = nullptr;

  uint32_t plain_accesses_left = 0;  // until one is taken for visible
  uint32_t shadow_depth = 0;
  uintptr_t shadow[kShadowFrames] = {};

  int exit_handler_count = 0;
  ExitHandler exit_handlers[64] = {};
  bool keys_used = false;
  void* keys[kThreadKeys] = {};
  char name[16] = {};
};

// Resumes `to`, which was suspended with its stack pointer stored, and stores
// the current one in *from. Chooses between wrfsbase and arch_prctl.
void SwitchStack(void** from, void* to, uintptr_t to_fs_base);
uintptr_t CurrentFsBase();

// True when user code may write the FS base directly (AT_HWCAP2).
bool HasFsGsBase();
// Benchmarks and kernels without FSGSBASE: switch by system call.
void PreferArchPrctl(bool prefer);

// The lowest address of the stack of thread `id`; a guard page lies below.
char* StackOf(int id);
// The thread whose stack holds `address`, or -1.
int StackOwner(uintptr_t address);

// Lays out an empty stack so that the first switch to it enters FiberMain.
void PrepareStack(Fiber* fiber);

// Where a fiber begins; never returns. Defined by threads.cc.
extern "C" [[noreturn]] void ReveilleFiberMain();

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_FIBER_H_

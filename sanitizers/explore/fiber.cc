#include "fiber.h"

#include <sys/auxv.h>
#include <sys/mman.h>

#include "native.h"

// rdi: where to store the stack pointer, rsi: the stack to resume, rdx: its FS
// base. Callee-saved registers live on the stack while a fiber is suspended.
// The floating point control words are not switched: pools do not change them.
__asm__(R"(
.text
.globl ReveilleSwitchFast
.hidden ReveilleSwitchFast
.type ReveilleSwitchFast,@function
ReveilleSwitchFast:
  .cfi_startproc
  push %rbp
  push %rbx
  push %r12
  push %r13
  push %r14
  push %r15
  mov %rsp,(%rdi)
  mov %rsi,%rsp
  wrfsbase %rdx
  pop %r15
  pop %r14
  pop %r13
  pop %r12
  pop %rbx
  pop %rbp
  ret
  .cfi_endproc
.size ReveilleSwitchFast,.-ReveilleSwitchFast

.globl ReveilleSwitchByCall
.hidden ReveilleSwitchByCall
.type ReveilleSwitchByCall,@function
ReveilleSwitchByCall:
  .cfi_startproc
  push %rbp
  push %rbx
  push %r12
  push %r13
  push %r14
  push %r15
  mov %rsp,(%rdi)
  mov %rsi,%rsp
  mov $158,%eax      # arch_prctl
  mov $0x1002,%edi   # ARCH_SET_FS
  mov %rdx,%rsi
  syscall
  pop %r15
  pop %r14
  pop %r13
  pop %r12
  pop %rbx
  pop %rbp
  ret
  .cfi_endproc
.size ReveilleSwitchByCall,.-ReveilleSwitchByCall

.globl ReveilleFiberEntry
.hidden ReveilleFiberEntry
.type ReveilleFiberEntry,@function
ReveilleFiberEntry:
  .cfi_startproc
  .cfi_undefined rip # unwinding ends here: an exception is uncaught
  xor %ebp,%ebp
  call ReveilleFiberMain
  ud2
  .cfi_endproc
.size ReveilleFiberEntry,.-ReveilleFiberEntry
)");

extern "C" void ReveilleSwitchFast(void** from, void* to, uintptr_t fs_base);
extern "C" void ReveilleSwitchByCall(void** from, void* to, uintptr_t fs_base);
extern "C" void ReveilleFiberEntry();

namespace reveille::explore {
namespace {

// Stacks lie at the same place in every process, so that addresses of locals
// mean the same in a replay.
constexpr uintptr_t kStacks = 0x200000000000;
constexpr size_t kStride = 2 * kStackBytes;
constexpr size_t kStackColour = 640;

constinit bool g_by_call = false;

constexpr unsigned long kArchGetFs = 0x1003;
constexpr unsigned long kHwcap2FsGsBase = 2;
constexpr long kArchPrctl = 158;

char* MapStack(int id) {
  char* lowest = reinterpret_cast<char*>(kStacks + kStride * id + kStride / 2);
  void* got = mmap(
      lowest, kStackBytes, PROT_READ | PROT_WRITE,
      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
  if (got != lowest) __builtin_trap();
  return lowest;
}

}  // namespace

bool HasFsGsBase() {
  static const bool has = (getauxval(AT_HWCAP2) & kHwcap2FsGsBase) != 0;
  return has;
}

void PreferArchPrctl(bool prefer) { g_by_call = prefer || !HasFsGsBase(); }

void SwitchStack(void** from, void* to, uintptr_t to_fs_base) {
  if (g_by_call) [[unlikely]] {
    ReveilleSwitchByCall(from, to, to_fs_base);
  } else {
    ReveilleSwitchFast(from, to, to_fs_base);
  }
}

uintptr_t CurrentFsBase() {
  uintptr_t base = 0;
  native::SystemCall(kArchPrctl, kArchGetFs, reinterpret_cast<long>(&base));
  return base;
}

char* StackOf(int id) {
  static char* stacks[kMaxThreads];
  if (stacks[id] == nullptr) stacks[id] = MapStack(id);
  return stacks[id];
}

int StackOwner(uintptr_t address) {
  if (address < kStacks || address >= kStacks + kStride * kMaxThreads) {
    return -1;
  }
  return static_cast<int>((address - kStacks) / kStride);
}

void PrepareStack(Fiber* fiber) {
  // Stacks begin at different places within their pages, because otherwise
  // the busiest lines of all of them would compete for one set of the cache.
  const size_t shift = static_cast<size_t>(fiber->id % 32) * kStackColour;
  void** top =
      reinterpret_cast<void**>(StackOf(fiber->id) + kStackBytes - shift);
  // Two words, so that the stack is aligned where the ABI wants it.
  *--top = nullptr;
  *--top = nullptr;
  *--top = reinterpret_cast<void*>(&ReveilleFiberEntry);
  for (int saved = 0; saved < 6; ++saved) *--top = nullptr;
  fiber->stack_pointer = top;
}

}  // namespace reveille::explore

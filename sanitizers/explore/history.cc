#include "history.h"

#include <link.h>

#include "execution.h"

namespace reveille::explore {
namespace {

// The extent of the program's own code.
struct CodeRange {
  uintptr_t begin = 0;
  uintptr_t end = 0;
  bool Contains(uintptr_t pc) const { return pc > begin && pc < end; }
};

int FindCode(dl_phdr_info* module, size_t, void* result) {
  CodeRange* code = static_cast<CodeRange*>(result);
  for (int i = 0; i < module->dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = module->dlpi_phdr[i];
    if (header.p_type != PT_LOAD || (header.p_flags & PF_X) == 0) continue;
    code->begin = module->dlpi_addr + header.p_vaddr;
    code->end = code->begin + header.p_memsz;
  }
  return 1;  // the program itself comes first
}

const CodeRange& Code() {
  static CodeRange code;
  if (code.end == 0) dl_iterate_phdr(FindCode, &code);
  return code;
}

// Whether the instruction before `pc` is a call.
bool FollowsCall(uintptr_t pc) {
  const uint8_t* code = reinterpret_cast<const uint8_t*>(pc);
  if (code[-5] == 0xe8) return true;
  constexpr int kLengths[] = {2, 3, 6, 7};
  for (int length : kLengths) {
    if (code[-length] == 0xff && (code[1 - length] & 0x38) == 0x10) return true;
  }
  return false;
}

// An operation that a library did on behalf of the program (a condition
// variable's wait, the creation of a thread): where the program called the
// library. The shadow stack does not know it, because the library does not
// keep one, so the machine's stack is searched between the interposer's return
// address and that of the innermost function on the shadow stack.
uintptr_t CallIntoLibrary(const Fiber* fiber, uintptr_t pc) {
  if (pc == 0 || Code().Contains(pc)) return 0;
  const uintptr_t stop =
      fiber->shadow_depth == 0
          ? 0
          : fiber->shadow[(fiber->shadow_depth - 1) % kShadowFrames];
  const void* top =
      fiber == Self() ? __builtin_frame_address(0) : fiber->stack_pointer;
  const uintptr_t* word = static_cast<const uintptr_t*>(top);
  const uintptr_t* end =
      reinterpret_cast<const uintptr_t*>(StackOf(fiber->id) + kStackBytes);
  while (word < end && *word != pc) ++word;
  for (; word < end && *word != stop; ++word) {
    if (Code().Contains(*word) && FollowsCall(*word)) return *word;
  }
  return 0;
}

// The oracle is no thread of the code under test: what it does must not be
// taken for visible operations.
int WorkerOf(const Fiber* fiber) {
  Oracle* oracle = g_execution.oracle;
  if (oracle == nullptr) return -1;
  Fiber* self = t_fiber;
  t_fiber = nullptr;
  const int worker = oracle->WorkerOf(fiber->id);
  t_fiber = self;
  return worker >= 0 && worker < 128 ? worker : -1;
}

}  // namespace

void History::Add(const Fiber* fiber, const PendingEvent& event) {
  Execution& x = g_execution;
  Step step = {};
  step.time = x.now;
  step.object = event.object;
  // Names must be given as they are when no history is kept.
  step.name = IsAlone(fiber) ? 0 : x.objects.At(event.object)->name;
  step.worker = static_cast<int8_t>(WorkerOf(fiber));
  step.thread = fiber->id;
  step.kind = event.kind;
  step.preempts = !steps_.empty() && last_thread_ != fiber->id &&
                  Contains(x.enabled, last_thread_);
  last_thread_ = fiber->id;
  int frame = 0;
  step.frames[frame++] = event.pc;
  const uintptr_t call = CallIntoLibrary(fiber, event.pc);
  if (call != 0) step.frames[frame++] = call;
  for (uint32_t depth = fiber->shadow_depth;
       depth > 0 && frame < kFramesPerStep - 1; --depth) {
    step.frames[frame++] = fiber->shadow[(depth - 1) % kShadowFrames];
  }
  last_of_[fiber->id] = steps_.size();
  if (!steps_.Push(step)) last_of_[fiber->id] = steps_.size() - 1;
}

void History::Saw(uint64_t value) {
  if (steps_.empty()) return;
  steps_.back().before = value;
  steps_.back().effect = Effect::kSaw;
}

void History::Changed(uint64_t before, uint64_t after) {
  if (steps_.empty()) return;
  steps_.back().before = before;
  steps_.back().after = after;
  steps_.back().effect = Effect::kChanged;
}

void History::Failed(int thread) {
  if (steps_.empty()) return;
  Step& step = steps_[last_of_[thread]];
  if (step.thread == thread) step.failed = true;
}

void History::Released(uintptr_t mutex) {
  if (!steps_.empty()) steps_.back().released = mutex;
}

void History::Blocked() {
  if (!steps_.empty()) steps_.back().blocks = true;
}

void History::Reached(int thread) {
  if (!steps_.empty()) steps_.back().reached |= uint64_t{1} << thread;
}

}  // namespace reveille::explore

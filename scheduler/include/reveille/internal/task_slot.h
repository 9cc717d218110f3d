// The part of a G that Spawn() fills in place, so that a small closure costs no
// allocation and no move. Not for users.
#ifndef REVEILLE_INTERNAL_TASK_SLOT_H_
#define REVEILLE_INTERNAL_TASK_SLOT_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace reveille::internal {

struct TaskSlot;

enum class TaskVerb : uint8_t {
  kRun,      // Run the closure to its end and destroy it.
  kDestroy,  // Destroy it without running it.
};

using TaskInvoke = void (*)(TaskSlot*, TaskVerb);

// One cache line: all of a small closure that travels between processors.
struct alignas(64) TaskSlot {
  // 48 bytes hold an absl::AnyInvocable and a pointer or two.
  static constexpr size_t kInlineBytes = 48;

  TaskInvoke invoke = nullptr;
  std::atomic<uint32_t> status{0};  // A GStatus.
  bool idle_priority = false;
  bool coroutine = false;
  bool locked = false;    // Bound to a thread.
  bool extended = false;  // Something beyond this line is in use.
  alignas(16) std::byte storage[kInlineBytes];
};

template <typename F>
inline constexpr bool kFitsInline =
    sizeof(F) <= TaskSlot::kInlineBytes && alignof(F) <= 16;

template <typename F>
void InvokeInline(TaskSlot* slot, TaskVerb verb) {
  struct Destroyer {
    F* f;
    ~Destroyer() { f->~F(); }
  } guard{std::launder(reinterpret_cast<F*>(slot->storage))};
  if (verb == TaskVerb::kRun) (*guard.f)();
}

template <typename F>
void InvokeBoxed(TaskSlot* slot, TaskVerb verb) {
  std::unique_ptr<F> f(*std::launder(reinterpret_cast<F**>(slot->storage)));
  if (verb == TaskVerb::kRun) (*f)();
}

// Puts `f` into the slot; a big one into a box of its own.
template <typename F>
void FillSlot(TaskSlot* slot, F&& f) {
  using Closure = std::decay_t<F>;
  if constexpr (kFitsInline<Closure>) {
    ::new (slot->storage) Closure(std::forward<F>(f));
    slot->invoke = &InvokeInline<Closure>;
  } else {
    ::new (slot->storage) Closure*(new Closure(std::forward<F>(f)));
    slot->invoke = &InvokeBoxed<Closure>;
  }
}

}  // namespace reveille::internal

#endif  // REVEILLE_INTERNAL_TASK_SLOT_H_

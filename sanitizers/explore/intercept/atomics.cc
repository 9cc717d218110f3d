// __tsan_atomic*: the atomic operations of instrumented code. Sequentially
// consistent; the memory order arguments are ignored.
#include "intercept.h"

namespace reveille::explore {
namespace {

using U8 = uint8_t;
using U16 = uint16_t;
using U32 = uint32_t;
using U64 = uint64_t;
using U128 = unsigned __int128;

template <typename T>
uint64_t Shown(T value) {
  return static_cast<uint64_t>(value);
}

// On threads outside executions the operations must be truly atomic.
template <typename T>
T SwapNatively(volatile T* object, T expected, T desired) {
  return __sync_val_compare_and_swap(object, expected, desired);
}

template <typename T>
T LoadNatively(const volatile T* object) {
  if constexpr (sizeof(T) == 16) {
    return SwapNatively(const_cast<volatile T*>(object), T{0}, T{0});
  } else {
    return __atomic_load_n(object, __ATOMIC_SEQ_CST);
  }
}

template <typename T, typename Update>
T ModifyNatively(volatile T* object, Update update) {
  T before = LoadNatively(object);
  for (;;) {
    const T seen = SwapNatively(object, before, update(before));
    if (seen == before) return before;
    before = seen;
  }
}

template <typename T>
inline T Load(const volatile T* object, uintptr_t pc) {
  Fiber* self = Self();
  if (self == nullptr) return LoadNatively(object);
  Point(self, Kind::kLoad, AddressOf(object), pc);
  const T value = *object;
  Saw(self, Shown(value));
  return value;
}

template <typename T, typename Update>
inline T Modify(volatile T* object, Kind kind, uintptr_t pc, Update update) {
  Fiber* self = Self();
  if (self == nullptr) return ModifyNatively(object, update);
  Point(self, kind, AddressOf(object), pc);
  const T before = *object;
  const T after = update(before);
  *object = after;
  Changed(self, Shown(before), Shown(after));
  return before;
}

template <typename T>
inline T CompareExchange(volatile T* object, T expected, T desired,
                         uintptr_t pc) {
  Fiber* self = Self();
  if (self == nullptr) return SwapNatively(object, expected, desired);
  Point(self, Kind::kCompareExchange, AddressOf(object), pc);
  const T before = *object;
  if (before == expected) {
    *object = desired;
    Changed(self, Shown(before), Shown(desired));
  } else {
    Saw(self, Shown(before));
    NoteFailure();
  }
  return before;
}

template <typename T>
inline int CompareExchangeFlag(volatile T* object, T* expected, T desired,
                               uintptr_t pc) {
  const T wanted = *expected;
  const T before = CompareExchange(object, wanted, desired, pc);
  *expected = before;
  return before == wanted;
}

}  // namespace
}  // namespace reveille::explore

using namespace reveille::explore;

#define REVEILLE_MODIFY(bits, name, expression)                    \
  REVEILLE_INTERPOSE U##bits __tsan_atomic##bits##_##name(         \
      volatile U##bits* object, U##bits value, int) {              \
    return Modify(object, Kind::kReadModifyWrite, REVEILLE_CALLER, \
                  [value]([[maybe_unused]] U##bits before) {       \
                    return static_cast<U##bits>(expression);       \
                  });                                              \
  }

#define REVEILLE_COMPARE_EXCHANGE(bits, name)                               \
  REVEILLE_INTERPOSE int __tsan_atomic##bits##_compare_exchange_##name(     \
      volatile U##bits* object, U##bits* expected, U##bits desired, int,    \
      int) {                                                                \
    return CompareExchangeFlag(object, expected, desired, REVEILLE_CALLER); \
  }

#define REVEILLE_ATOMICS(bits)                                                 \
  REVEILLE_INTERPOSE U##bits __tsan_atomic##bits##_load(                       \
      const volatile U##bits* object, int) {                                   \
    return Load(object, REVEILLE_CALLER);                                      \
  }                                                                            \
  REVEILLE_INTERPOSE void __tsan_atomic##bits##_store(                         \
      volatile U##bits* object, U##bits value, int) {                          \
    Modify(object, Kind::kStore, REVEILLE_CALLER,                              \
           [value](U##bits) { return value; });                                \
  }                                                                            \
  REVEILLE_MODIFY(bits, exchange, value)                                       \
  REVEILLE_MODIFY(bits, fetch_add, before + value)                             \
  REVEILLE_MODIFY(bits, fetch_sub, before - value)                             \
  REVEILLE_MODIFY(bits, fetch_and, before& value)                              \
  REVEILLE_MODIFY(bits, fetch_or, before | value)                              \
  REVEILLE_MODIFY(bits, fetch_xor, before ^ value)                             \
  REVEILLE_MODIFY(bits, fetch_nand, ~(before & value))                         \
  REVEILLE_COMPARE_EXCHANGE(bits, strong)                                      \
  REVEILLE_COMPARE_EXCHANGE(bits, weak)                                        \
  REVEILLE_INTERPOSE U##bits __tsan_atomic##bits##_compare_exchange_val(       \
      volatile U##bits* object, U##bits expected, U##bits desired, int, int) { \
    return CompareExchange(object, expected, desired, REVEILLE_CALLER);        \
  }

REVEILLE_ATOMICS(8)
REVEILLE_ATOMICS(16)
REVEILLE_ATOMICS(32)
REVEILLE_ATOMICS(64)
REVEILLE_ATOMICS(128)

// Under sequential consistency a fence orders nothing that is not ordered.
REVEILLE_INTERPOSE void __tsan_atomic_thread_fence(int) {
  if (Self() == nullptr) __atomic_thread_fence(__ATOMIC_SEQ_CST);
}
REVEILLE_INTERPOSE void __tsan_atomic_signal_fence(int) {}

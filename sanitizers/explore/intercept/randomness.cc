// getrandom, getentropy, rand and std::random_device.
#include "randomness.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "intercept.h"

namespace reveille::explore {
namespace {

// A choice has 24 bits; a word is two of them.
uint32_t RandomWord() {
  const uint32_t high = Choose(Tag::kRandom, 1 << 16);
  return high << 16 | Choose(Tag::kRandom, 1 << 16);
}

}  // namespace

long FillRandomly(void* to, size_t bytes) {
  unsigned char* next = static_cast<unsigned char*>(to);
  for (size_t i = 0; i < bytes; ++i) {
    next[i] = static_cast<unsigned char>(Choose(Tag::kRandom, 256));
  }
  return static_cast<long>(bytes);
}

// std::random_device asks the processor, which cannot be interposed; the
// library function that does so can.
extern "C" unsigned RandomDeviceGet(void* device) __asm__(
    "_ZNSt13random_device9_M_getvalEv");
__attribute__((visibility("default"))) unsigned RandomDeviceGet(void* device) {
  if (Self() != nullptr) return RandomWord();
  using Original = unsigned (*)(void*);
  static const Original original = reinterpret_cast<Original>(
      native::Next("_ZNSt13random_device9_M_getvalEv"));
  return original(device);
}

}  // namespace reveille::explore

using namespace reveille::explore;

REVEILLE_INTERPOSE ssize_t getrandom(void* to, size_t bytes, unsigned flags) {
  if (Self() == nullptr) return REVEILLE_NEXT(getrandom)(to, bytes, flags);
  return FillRandomly(to, bytes);
}

REVEILLE_INTERPOSE int getentropy(void* to, size_t bytes) {
  if (Self() == nullptr) return REVEILLE_NEXT(getentropy)(to, bytes);
  if (bytes > 256) {
    errno = EIO;
    return -1;
  }
  FillRandomly(to, bytes);
  return 0;
}

REVEILLE_INTERPOSE int rand() noexcept {
  if (Self() == nullptr) return REVEILLE_NEXT(rand)();
  return static_cast<int>(RandomWord() & RAND_MAX);
}

REVEILLE_INTERPOSE long random() noexcept {
  if (Self() == nullptr) return REVEILLE_NEXT(random)();
  return RandomWord() & RAND_MAX;
}

REVEILLE_INTERPOSE uint32_t arc4random() noexcept {
  return Self() == nullptr ? REVEILLE_NEXT(arc4random)() : RandomWord();
}

REVEILLE_INTERPOSE void arc4random_buf(void* to, size_t bytes) noexcept {
  if (Self() == nullptr) return REVEILLE_NEXT(arc4random_buf)(to, bytes);
  FillRandomly(to, bytes);
}

REVEILLE_INTERPOSE uint32_t arc4random_uniform(uint32_t bound) noexcept {
  if (Self() == nullptr) return REVEILLE_NEXT(arc4random_uniform)(bound);
  return bound == 0 ? 0 : RandomWord() % bound;
}

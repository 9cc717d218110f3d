// Input: the bytes of a fuzzer as a row of small decisions.
//
// Every row of bytes is a valid one: past its end every decision is 0. Whoever
// loops over decisions ends with Empty(), so that the size of the input bounds
// the work.
#ifndef REVEILLE_FUZZ_INPUT_H_
#define REVEILLE_FUZZ_INPUT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace reveille::fuzz {

class Input {
 public:
  Input(const uint8_t* bytes, size_t size) : next_(bytes), end_(bytes + size) {}

  bool Empty() const { return next_ == end_; }
  uint8_t Byte() { return Empty() ? 0 : *next_++; }
  bool Flag() { return (Byte() & 1) != 0; }
  // In [0, n), for n from 1 to 256.
  uint32_t Below(uint32_t n) { return Byte() % n; }
  // Little-endian, of so many bytes.
  uint64_t Word(int bytes = 8) {
    uint64_t word = 0;
    for (int i = 0; i < bytes; ++i) word |= uint64_t{Byte()} << (8 * i);
    return word;
  }
  std::string_view Rest() {
    const std::string_view rest(reinterpret_cast<const char*>(next_),
                                static_cast<size_t>(end_ - next_));
    next_ = end_;
    return rest;
  }

 private:
  const uint8_t* next_;
  const uint8_t* end_;
};

}  // namespace reveille::fuzz

#endif  // REVEILLE_FUZZ_INPUT_H_

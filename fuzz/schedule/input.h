// Input: a program, and the plan of its schedule. What schedule_fuzz takes.
//
//   bytes ---DecodeInput()---> Input          every byte string is one
//         <--EncodeInput()---                 canonical: as short as it goes
#ifndef REVEILLE_FUZZ_SCHEDULE_INPUT_H_
#define REVEILLE_FUZZ_SCHEDULE_INPUT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "fuzz/program/program.h"
#include "sanitizers/explore/strategies/planned.h"

namespace reveille::fuzz {

struct Input {
  Program program;
  explore::Plan plan;
};

bool operator==(const Input& a, const Input& b);

Input DecodeInput(const uint8_t* bytes, size_t size);
std::vector<uint8_t> EncodeInput(const Input& input);
// The longest that EncodeInput() returns.
size_t LongestInput();

std::string ToText(const Input& input);

}  // namespace reveille::fuzz

#endif  // REVEILLE_FUZZ_SCHEDULE_INPUT_H_

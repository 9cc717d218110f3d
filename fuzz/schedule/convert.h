// From an input of schedule_fuzz to a schedule file, which `reveille replay`
// and `reveille shrink` understand.
#ifndef REVEILLE_FUZZ_SCHEDULE_CONVERT_H_
#define REVEILLE_FUZZ_SCHEDULE_CONVERT_H_

#include <string>

#include "absl/status/statusor.h"
#include "fuzz/schedule/input.h"

namespace reveille::fuzz {

// The input in a file. Without `any` the bytes must be as EncodeInput() writes
// them, which nearly no file that means something else is.
absl::StatusOr<Input> LoadInput(const std::string& path, bool any);

// Executes the input in a process of its own, and writes the choices that it
// made to the file `out`. False: the outcome was clean, nothing is written.
absl::StatusOr<bool> ConvertInput(const std::string& path, bool any,
                                  const std::string& out);

// What comes of it in a process of its own, as ToText() says it.
absl::StatusOr<std::string> OutcomeOf(const std::string& path);

}  // namespace reveille::fuzz

#endif  // REVEILLE_FUZZ_SCHEDULE_CONVERT_H_

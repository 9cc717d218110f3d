// What an error says to a person is one line that they can read.
#ifndef REVEILLE_FUZZ_SURFACES_CLEAR_ERROR_H_
#define REVEILLE_FUZZ_SURFACES_CLEAR_ERROR_H_

#include <string_view>

#include "fuzz/promise.h"

namespace reveille::fuzz {

// `Text` is anybody's string.
template <typename Text>
void PromiseClearError(const Text& text) {
  const std::string_view error(text.data(), text.size());
  Promise(!error.empty(), "what is refused is refused with words");
  Promise(error.find('\n') == std::string_view::npos, "an error is one line");
  Promise(error.size() < 8192, "an error is short");
}

}  // namespace reveille::fuzz

#endif  // REVEILLE_FUZZ_SURFACES_CLEAR_ERROR_H_

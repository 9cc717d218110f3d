// canary_fuzz: crashes on inputs that begin with one word. Only somebody who
// follows feedback finds it, so a campaign that does not is noticed.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static constexpr char kWord[] = {'r', 'e', 'v', 'e'};
  for (size_t i = 0; i < sizeof kWord; ++i) {
    if (i >= size || data[i] != static_cast<uint8_t>(kWord[i])) return 0;
  }
  std::fputs("canary_fuzz: found\n", stderr);
  std::abort();
}

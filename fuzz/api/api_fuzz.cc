// api_fuzz: what a scheduler's users can do to it beyond what every pool has,
// on real threads, for every sanitizer. The same input need not go the same way
// again.
#include "fuzz/api/tasks.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  reveille::fuzz::Input input(data, size);
  reveille::fuzz::RunScript(reveille::fuzz::DecodeScript(&input));
  return 0;
}

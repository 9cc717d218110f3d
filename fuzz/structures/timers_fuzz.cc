// Timer heaps.
#include "fuzz/structures/timers_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  reveille::fuzz::Input input(data, size);
  reveille::fuzz::TimersModel<>().Run(&input);
  return 0;
}

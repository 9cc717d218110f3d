// The wait slots of a descriptor.
#include "fuzz/structures/poll_desc_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  reveille::fuzz::Input input(data, size);
  reveille::fuzz::PollDescModel<>().Run(&input);
  return 0;
}

// The global run queue.
#include "fuzz/structures/global_queue_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  reveille::fuzz::Input input(data, size);
  reveille::fuzz::GlobalQueueModel<>().Run(&input);
  return 0;
}

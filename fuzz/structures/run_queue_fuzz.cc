// Local run queues, their owners and thieves.
#include "fuzz/structures/run_queue_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  reveille::fuzz::Input input(data, size);
  reveille::fuzz::RunQueueModel<>().Run(&input);
  return 0;
}

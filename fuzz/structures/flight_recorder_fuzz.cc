// The flight recorder: its ring, and the trace that is made of it.
#include "fuzz/structures/flight_recorder_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  reveille::fuzz::Input input(data, size);
  reveille::fuzz::FlightRecorderModel<>().Run(&input);
  return 0;
}

// Notes, and threads outside that wait on them.
#include "fuzz/structures/note_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  reveille::fuzz::Input input(data, size);
  reveille::fuzz::NoteModel<>().Run(&input);
  return 0;
}

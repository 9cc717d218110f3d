// Notes, and threads outside that wait on them.
#include <memory>

#include "fuzz/structures/note_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  reveille::fuzz::Input input(data, size);
  // Not on the stack: gcc 12 warns of the waiter that points to the note beside
  // it, and does not see that both end together.
  std::make_unique<reveille::fuzz::NoteModel<>>()->Run(&input);
  return 0;
}

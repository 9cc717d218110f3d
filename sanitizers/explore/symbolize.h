// From addresses of code to functions, files and lines, with the help of
// llvm-symbolizer or addr2line, whichever is installed.
#ifndef REVEILLE_SANITIZERS_EXPLORE_SYMBOLIZE_H_
#define REVEILLE_SANITIZERS_EXPLORE_SYMBOLIZE_H_

#include <stdint.h>

#include "buffer.h"
#include "text.h"

namespace reveille::explore {

struct Place {
  const char* function = "";  // without parameters
  const char* file = "";      // last two parts of its path
  int line = 0;
  bool is_library = false;  // a system header or a library: not the user's
};

class Symbolizer {
 public:
  Symbolizer();

  // Notes an address to be looked up.
  void Want(uintptr_t pc);
  // Looks up everything noted, in one go. Without a symbolizer, places say
  // nothing but module and offset.
  void LookUp();
  // The innermost place for `pc` that belongs to the user; failing that, the
  // innermost one.
  Place PlaceOf(uintptr_t pc) const;

 private:
  struct Entry {
    uintptr_t pc;
    uintptr_t base;      // of its module
    const char* module;  // path
    Place place;
    bool found;
  };

  void LookUpModule(const char* module);
  bool Ask(const char* const* command, const char* module);
  void ReadAnswers(const char* module, char* answers);
  const char* Keep(const char* text);
  void Settle(Entry* entry, const char* function, const char* location);
  Entry* Find(uintptr_t pc);

  Buffer<Entry> entries_;
  Buffer<char> kept_;  // strings that places point to
};

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_SYMBOLIZE_H_

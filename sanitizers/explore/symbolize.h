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
  const char* path = "";      // all of it
  int line = 0;
  int column = 0;           // 0: not known
  bool is_library = false;  // a system header or a library: not the user's
  // From the source file, as far as it can be read.
  const char* code = "";      // the line, trimmed
  const char* receiver = "";  // what the call is made on: `idle_`
  const char* argument = "";  // its first argument: `mutex`
  bool is_tiny = false;       // in an accessor: the caller says more
};

// What was inlined into each other at one address, innermost first.
struct InlinedPlaces {
  static constexpr int kMost = 8;
  Place places[kMost];
  int count = 0;
};

class Symbolizer {
 public:
  Symbolizer();

  // Notes an address to be looked up.
  void Want(uintptr_t pc);
  // Looks up everything noted, in one go. Without a symbolizer, places say
  // nothing but module and offset.
  void LookUp();
  // Reads what the source files say about all places.
  void ReadSources();
  // Empty for an address that no symbolizer knows.
  const InlinedPlaces& PlacesOf(uintptr_t pc) const;
  // The innermost place for `pc` that belongs to the user; failing that, the
  // innermost one.
  Place PlaceOf(uintptr_t pc) const;

 private:
  struct Entry {
    uintptr_t pc;
    uintptr_t base;      // of its module
    const char* module;  // path
    InlinedPlaces inlined;
  };

  void LookUpModule(const char* module);
  bool Ask(const char* const* command, const char* module);
  void ReadAnswers(const char* module, char* answers);
  const char* Keep(const char* text);
  void Add(Entry* entry, const char* function, const char* location);
  const char* Keep(Text* text);
  // The slot of index_ where `pc` is, or would be.
  size_t SlotOf(uintptr_t pc) const;

  Buffer<Entry> entries_;
  Buffer<uint32_t> index_;  // by address; 0: none, else the entry's number + 1
  Buffer<char> kept_;       // strings that places point to
};

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_SYMBOLIZE_H_

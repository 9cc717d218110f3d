// The source files of the code under test, read as text: a line says more than
// its number. Files are looked for in the folders above the program first, so
// that a tree may be moved, and then where the program says. What cannot be
// read is simply not there, and neither is what was changed after the program
// was built: its lines are no longer the program's.
#ifndef REVEILLE_SANITIZERS_EXPLORE_SOURCE_TEXT_H_
#define REVEILLE_SANITIZERS_EXPLORE_SOURCE_TEXT_H_

#include "buffer.h"
#include "symbolize.h"
#include "text.h"

namespace reveille::explore {

class SourceText {
 public:
  SourceText();
  ~SourceText();
  SourceText(const SourceText&) = delete;
  SourceText& operator=(const SourceText&) = delete;

  // The line of `place`, without the space around it. False: not readable.
  bool Line(const Place& place, Text* line);

  // Whether `place` lies in a body of at most two lines: an accessor or a
  // wrapper, of which the caller says more.
  bool IsInTinyBody(const Place& place);

  // What a call at `place` is made on: `idle_` for `pool->idle_[i].load()`.
  // False when the text does not tell.
  bool Receiver(const Place& place, Text* name);
  // The name of the first argument of a call or constructor at `place`:
  // `mutex_` for `Lock(&state->mutex_, 3)`.
  bool FirstArgument(const Place& place, Text* name);

 private:
  static constexpr size_t kMostFiles = 256;
  struct File {
    const char* path;
    char* bytes;
    size_t size;  // 0: not readable
  };
  // A line without its end.
  struct Span {
    const char* begin;
    const char* end;
  };

  const File& Open(const char* path);
  // Where the file that the program knows by `path` is. False: nowhere.
  bool Locate(const char* path, char* found, size_t size) const;
  bool Find(const Place& place, const File** file, Span* line);
  // The word at `place`, where a call is named.
  bool FindCall(const Place& place, Span* line, const char** word);

  Buffer<File> files_;
  char program_[4096];  // its path
  int64_t built_at_;    // its time, in seconds
};

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_SOURCE_TEXT_H_

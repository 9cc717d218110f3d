// Text under construction: messages, stories, schedules, JSON.
//
// Memory comes from a Buffer, so that it may be used while the code under test
// is stopped in the middle of its own allocator. One kernel thread at a time.
#ifndef REVEILLE_SANITIZERS_EXPLORE_TEXT_H_
#define REVEILLE_SANITIZERS_EXPLORE_TEXT_H_

#include <stdarg.h>

#include "buffer.h"

namespace reveille::explore {

class Text {
 public:
  explicit Text(size_t capacity = size_t{1} << 24) : bytes_(capacity) {}

  void Append(const char* string);
  void Append(const char* bytes, size_t count);
  void Format(const char* format, ...) __attribute__((format(printf, 2, 3)));
  void FormatList(const char* format, va_list arguments);
  // `string` between quotes, escaped as JSON wants it.
  void AppendJson(const char* string);
  void PadTo(size_t column_of_last_line);
  void Clear() { bytes_.Clear(); }

  const char* c_str();
  size_t size() const { return bytes_.size(); }

 private:
  Buffer<char> bytes_;
};

// Writes `text` to `path` by way of a temporary file and a rename, so that a
// reader never sees half of it. False when the file system refuses.
bool WriteFile(const char* path, const char* text, size_t size);

// Appends the whole file at `path`; false when it cannot be read or is larger
// than the text can hold.
bool ReadFile(const char* path, Text* text);

}  // namespace reveille::explore

#endif  // REVEILLE_SANITIZERS_EXPLORE_TEXT_H_

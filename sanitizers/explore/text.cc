#include "text.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "native.h"

namespace reveille::explore {

void Text::Append(const char* string) { Append(string, strlen(string)); }

void Text::Append(const char* bytes, size_t count) {
  for (size_t i = 0; i < count; ++i) bytes_.Push(bytes[i]);
}

void Text::Format(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  FormatList(format, arguments);
  va_end(arguments);
}

void Text::FormatList(const char* format, va_list arguments) {
  char line[2048];
  int length = vsnprintf(line, sizeof line, format, arguments);
  if (length < 0) return;
  size_t stored = static_cast<size_t>(length);
  Append(line, stored < sizeof line ? stored : sizeof line - 1);
}

void Text::AppendJson(const char* string) {
  Append("\"");
  for (; *string != 0; ++string) {
    const char c = *string;
    if (c == '"' || c == '\\') {
      Format("\\%c", c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      Format("\\u%04x", static_cast<unsigned>(c));
    } else {
      bytes_.Push(c);
    }
  }
  Append("\"");
}

void Text::PadTo(size_t column_of_last_line) {
  size_t column = 0;
  for (size_t i = size(); i > 0 && bytes_[i - 1] != '\n'; --i) ++column;
  for (; column < column_of_last_line; ++column) bytes_.Push(' ');
}

const char* Text::c_str() {
  if (!bytes_.Push('\0')) bytes_.back() = '\0';
  bytes_.Pop();
  return bytes_.data();
}

namespace {

bool WriteAll(int descriptor, const char* text, size_t size) {
  while (size > 0) {
    ssize_t written = native::Write(descriptor, text, size);
    if (written <= 0) return false;
    text += written;
    size -= static_cast<size_t>(written);
  }
  return true;
}

}  // namespace

bool WriteFile(const char* path, const char* text, size_t size) {
  char temporary[4096];
  int length = snprintf(temporary, sizeof temporary, "%s.part", path);
  if (length < 0 || static_cast<size_t>(length) >= sizeof temporary) {
    return false;
  }
  int descriptor = native::Open(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (descriptor < 0) return false;
  bool written = WriteAll(descriptor, text, size);
  native::Close(descriptor);
  return written && rename(temporary, path) == 0;
}

bool ReadFile(const char* path, Text* text) {
  int descriptor = native::Open(path, O_RDONLY, 0);
  if (descriptor < 0) return false;
  char block[4096];
  ssize_t count;
  size_t before = text->size();
  size_t total = 0;
  while ((count = native::Read(descriptor, block, sizeof block)) > 0) {
    text->Append(block, static_cast<size_t>(count));
    total += static_cast<size_t>(count);
  }
  native::Close(descriptor);
  return count == 0 && text->size() - before == total;
}

}  // namespace reveille::explore

#include "source_text.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "native.h"

namespace reveille::explore {
namespace {

constexpr size_t kMostBytes = size_t{1} << 22;  // of one file
constexpr int kTinyLines = 3;                   // from brace to brace

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r'; }

bool IsWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || c == '_';
}

// The brace that opens the block around `at`, or null. Braces in strings and
// comments are rare enough to be taken for braces.
const char* OpeningBrace(const char* begin, const char* at) {
  int depth = 0;
  while (at > begin) {
    --at;
    if (*at == '}') ++depth;
    if (*at == '{' && depth-- == 0) return at;
  }
  return nullptr;
}

const char* ClosingBrace(const char* open, const char* end) {
  int depth = 0;
  for (const char* at = open; at < end; ++at) {
    if (*at == '{') ++depth;
    if (*at == '}' && --depth == 0) return at;
  }
  return end;
}

// Where the statement begins that ends right before `brace`.
const char* HeadOf(const char* begin, const char* brace) {
  int depth = 0;
  const char* at = brace;
  for (; at > begin; --at) {
    const char c = at[-1];
    if (c == ')') ++depth;
    if (c == '(') --depth;
    if (depth <= 0 && (c == ';' || c == '{' || c == '}')) break;
  }
  while (at < brace && (IsSpace(*at) || *at == '\n')) ++at;
  return at;
}

bool IsControl(const char* begin, const char* brace) {
  constexpr const char* kWords[] = {"if",   "for", "while", "switch",
                                    "else", "do",  "try",   "catch"};
  const char* head = HeadOf(begin, brace);
  for (const char* word : kWords) {
    const size_t length = strlen(word);
    if (strncmp(head, word, length) == 0 && !IsWord(head[length])) return true;
  }
  return false;
}

// When the file was last changed; 0 when it is not there.
int64_t TimeOf(const char* path) {
  struct stat about;
  return stat(path, &about) == 0 ? about.st_mtim.tv_sec : 0;
}

int LinesBetween(const char* from, const char* to) {
  int lines = 0;
  for (; from < to; ++from) lines += *from == '\n';
  return lines;
}

// Back over brackets of all kinds that end at `end`.
const char* BeforeBrackets(const char* begin, const char* end) {
  while (end > begin && (end[-1] == ']' || end[-1] == ')')) {
    int depth = 0;
    do {
      --end;
      if (*end == ']' || *end == ')') ++depth;
      if (*end == '[' || *end == '(') --depth;
    } while (end > begin && depth > 0);
  }
  return end;
}

// gcc's column of a call is that of a bracket around its arguments: the first,
// or of a constructor the last. Where the word before them begins.
const char* CalleeBefore(const char* begin, const char* bracket) {
  const char* end =
      *bracket == ')' ? BeforeBrackets(begin, bracket + 1) : bracket;
  if (*end != '(') return bracket;
  while (end > begin && IsWord(end[-1])) --end;
  return end;
}

// What stands before `.` or `->`, at `dot`: an identifier, perhaps with an
// index or arguments behind it.
bool NameBefore(const char* begin, const char* dot, Text* name) {
  const char* end = BeforeBrackets(begin, dot);
  const char* start = end;
  while (start > begin && IsWord(start[-1])) --start;
  if (start == end) return false;
  name->Append(start, static_cast<size_t>(end - start));
  return true;
}

}  // namespace

SourceText::SourceText() : files_(kMostFiles) {
  const ssize_t length =
      readlink("/proc/self/exe", program_, sizeof program_ - 1);
  program_[length < 0 ? 0 : length] = 0;
  built_at_ = TimeOf(program_);
}

bool SourceText::Locate(const char* path, char* found, size_t size) const {
  char folder[sizeof program_];
  memcpy(folder, program_, sizeof folder);
  while (char* slash = strrchr(folder, '/')) {
    *slash = 0;
    // As much of the path as possible, and at least the file's own folder.
    for (const char* rest = strchr(path, '/'); rest != nullptr;
         rest = strchr(rest + 1, '/')) {
      if (strchr(rest + 1, '/') == nullptr) break;
      const int length = snprintf(found, size, "%s%s", folder, rest);
      if (length < 0 || static_cast<size_t>(length) >= size) continue;
      const int64_t time = TimeOf(found);
      if (time != 0 && time <= built_at_) return true;
    }
  }
  return false;
}

SourceText::~SourceText() {
  for (const File& file : files_) munmap(file.bytes, kMostBytes);
}

const SourceText::File& SourceText::Open(const char* path) {
  for (const File& file : files_) {
    if (strcmp(file.path, path) == 0) return file;
  }
  static constexpr File kNone = {"", nullptr, 0};
  if (files_.size() == files_.capacity()) return kNone;
  File file = {path, static_cast<char*>(ReserveMemory(kMostBytes)), 0};
  char found[8192];
  const bool is_there = Locate(path, found, sizeof found);
  const int descriptor = is_there ? native::Open(found, O_RDONLY, 0) : -1;
  if (descriptor >= 0) {
    ssize_t count;
    while (file.size + 1 < kMostBytes &&
           (count = native::Read(descriptor, file.bytes + file.size,
                                 kMostBytes - 1 - file.size)) > 0) {
      file.size += static_cast<size_t>(count);
    }
    native::Close(descriptor);
  }
  files_.Push(file);
  return files_.back();
}

bool SourceText::Find(const Place& place, const File** file, Span* line) {
  *file = &Open(place.path);
  const char* at = (*file)->bytes;
  const char* end = at + (*file)->size;
  for (int i = 1; i < place.line && at < end; ++i) {
    const void* next = memchr(at, '\n', static_cast<size_t>(end - at));
    at = next == nullptr ? end : static_cast<const char*>(next) + 1;
  }
  if (at >= end || place.line <= 0) return false;
  const void* next = memchr(at, '\n', static_cast<size_t>(end - at));
  *line = {at, next == nullptr ? end : static_cast<const char*>(next)};
  return true;
}

bool SourceText::Line(const Place& place, Text* text) {
  const File* file;
  Span line;
  if (!Find(place, &file, &line)) return false;
  while (line.begin < line.end && IsSpace(*line.begin)) ++line.begin;
  while (line.end > line.begin && IsSpace(line.end[-1])) --line.end;
  text->Append(line.begin, static_cast<size_t>(line.end - line.begin));
  return line.begin < line.end;
}

bool SourceText::IsInTinyBody(const Place& place) {
  const File* file;
  Span line;
  if (!Find(place, &file, &line)) return false;
  const char* at = line.begin + (place.column > 0 ? place.column - 1 : 0);
  if (place.column == 0) {
    // Behind a brace that opens on this line, unless it closes here as well
    // and is the body itself.
    const void* brace =
        memchr(line.begin, '{', static_cast<size_t>(line.end - line.begin));
    if (brace != nullptr) at = static_cast<const char*>(brace) + 1;
  }
  if (at > line.end) at = line.end;
  const char* open = OpeningBrace(file->bytes, at);
  while (open != nullptr && IsControl(file->bytes, open)) {
    open = OpeningBrace(file->bytes, open);
  }
  if (open == nullptr) return false;
  const char* close = ClosingBrace(open, file->bytes + file->size);
  return LinesBetween(open, close) <= kTinyLines;
}

bool SourceText::FindCall(const Place& place, Span* line, const char** word) {
  const File* file;
  if (place.column == 0 || !Find(place, &file, line)) return false;
  const char* at = line->begin + place.column - 1;
  if (at >= line->end) return false;
  *word = IsWord(*at) ? at : CalleeBefore(line->begin, at);
  return IsWord(**word);
}

bool SourceText::Receiver(const Place& place, Text* name) {
  Span line;
  const char* at;
  if (!FindCall(place, &line, &at)) return false;
  if (at - line.begin >= 1 && at[-1] == '.') {
    return NameBefore(line.begin, at - 1, name);
  }
  if (at - line.begin >= 2 && at[-1] == '>' && at[-2] == '-') {
    return NameBefore(line.begin, at - 2, name);
  }
  return false;
}

bool SourceText::FirstArgument(const Place& place, Text* name) {
  Span line;
  const char* at;
  if (!FindCall(place, &line, &at)) return false;
  while (at < line.end && IsWord(*at)) ++at;
  if (at == line.end || (*at != '(' && *at != '{')) return false;
  const char* start = ++at;
  while (at < line.end && *at != ',' && *at != ')' && *at != '}' &&
         *at != '(') {
    ++at;
  }
  return NameBefore(start, at, name);
}

}  // namespace reveille::explore

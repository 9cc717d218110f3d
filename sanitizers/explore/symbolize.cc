#include "symbolize.h"

#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "native.h"
#include "random.h"
#include "source_text.h"

namespace reveille::explore {
namespace {

constexpr size_t kMostEntries = 8192;
constexpr size_t kSlots = 4 * kMostEntries;
constexpr size_t kMostText = size_t{1} << 22;
constexpr size_t kMostAnswers = size_t{1} << 24;

struct Search {
  uintptr_t pc;
  uintptr_t base;
  const char* module;
};

int FindModule(dl_phdr_info* module, size_t, void* argument) {
  Search* search = static_cast<Search*>(argument);
  for (int i = 0; i < module->dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = module->dlpi_phdr[i];
    if (header.p_type != PT_LOAD) continue;
    const uintptr_t start = module->dlpi_addr + header.p_vaddr;
    if (search->pc < start || search->pc >= start + header.p_memsz) continue;
    search->base = module->dlpi_addr;
    search->module = module->dlpi_name;
    return 1;
  }
  return 0;
}

// Runs `command` with `input` at its standard input; its output goes to
// `output`. False when it could not be run.
bool RunCommand(const char* const* command, const Text& input, char* output,
                size_t capacity, const char* input_text) {
  int in[2];
  int out[2];
  if (native::Pipe(in) != 0 || native::Pipe(out) != 0) return false;
  const int child = native::Fork();
  if (child == 0) {
    native::SystemCall(SYS_dup2, in[0], 0);
    native::SystemCall(SYS_dup2, out[1], 1);
    const int nowhere = native::Open("/dev/null", 2, 0);
    native::SystemCall(SYS_dup2, nowhere, 2);
    execvp(command[0], const_cast<char* const*>(command));
    native::Exit(127);
  }
  native::Close(in[0]);
  native::Close(out[1]);
  // The input is far smaller than what a pipe holds, or the tool reads along;
  // either way it is written in one go by a second process.
  const int writer = native::Fork();
  if (writer == 0) {
    native::Close(out[0]);
    native::Write(in[1], input_text, input.size());
    native::Exit(0);
  }
  native::Close(in[1]);
  size_t size = 0;
  ssize_t count;
  while (size + 1 < capacity &&
         (count = native::Read(out[0], output + size, capacity - 1 - size)) >
             0) {
    size += static_cast<size_t>(count);
  }
  output[size] = 0;
  native::Close(out[0]);
  native::Wait(writer);
  return native::Wait(child) == 0;
}

// A path's last two parts say enough.
const char* ShortPath(const char* path) {
  const char* last = nullptr;
  const char* second = nullptr;
  for (const char* at = path; *at != 0; ++at) {
    if (*at != '/') continue;
    second = last;
    last = at;
  }
  return second == nullptr ? path : second + 1;
}

bool IsLibraryPath(const char* path) {
  return strncmp(path, "/usr/", 5) == 0 || strstr(path, "/include/c++/") ||
         strncmp(path, "??", 2) == 0 || strncmp(path, "./", 2) == 0 ||
         strstr(path, "sanitizers/explore/intercept/") != nullptr;
}

// Cuts parameters and template arguments off, as far as that is simple.
void Tidy(char* function) {
  int depth = 0;
  char* to = function;
  for (const char* at = function; *at != 0; ++at) {
    if (*at == '<') ++depth;
    if (depth == 0) {
      const bool anonymous = strncmp(at, "(anonymous namespace)::", 23) == 0;
      if (anonymous) {
        at += 22;
        continue;
      }
      if (*at == '(' && to != function && strncmp(at, "()", 2) != 0) break;
      *to++ = *at;
    }
    if (*at == '>' && depth > 0) --depth;
  }
  *to = 0;
  const size_t length = strlen(function);
  if (length > 2 && strcmp(function + length - 2, "()") == 0 &&
      strstr(function, "operator()") == nullptr) {
    function[length - 2] = 0;
  }
}

}  // namespace

Symbolizer::Symbolizer()
    : entries_(kMostEntries), index_(kSlots), kept_(kMostText) {}

size_t Symbolizer::SlotOf(uintptr_t pc) const {
  size_t slot = Scatter(pc) % kSlots;
  while (index_[slot] != 0 && entries_[index_[slot] - 1].pc != pc) {
    slot = (slot + 1) % kSlots;
  }
  return slot;
}

const char* Symbolizer::Keep(const char* text) {
  const size_t start = kept_.size();
  for (const char* at = text; *at != 0; ++at) kept_.Push(*at);
  if (!kept_.Push(0)) return "";
  return kept_.data() + start;
}

const char* Symbolizer::Keep(Text* text) {
  const char* kept = Keep(text->c_str());
  text->Clear();
  return kept;
}

void Symbolizer::Want(uintptr_t pc) {
  const size_t slot = SlotOf(pc);
  if (pc == 0 || index_[slot] != 0) return;
  Search search = {pc, 0, nullptr};
  if (dl_iterate_phdr(FindModule, &search) == 0) return;
  const char* module = search.module[0] == 0 ? "/proc/self/exe" : search.module;
  if (!entries_.Push({pc, search.base, module, {}})) return;
  index_[slot] = static_cast<uint32_t>(entries_.size());
}

void Symbolizer::Add(Entry* entry, const char* function, const char* location) {
  InlinedPlaces& inlined = entry->inlined;
  if (inlined.count == InlinedPlaces::kMost) return;
  char name[1024];
  snprintf(name, sizeof name, "%s", function);
  Tidy(name);
  char path[1024];
  snprintf(path, sizeof path, "%s", location);
  Place place;
  place.is_library = IsLibraryPath(location);
  char* colon = strchr(path, ':');
  if (colon != nullptr) {
    // addr2line knows no columns.
    char* end;
    place.line = static_cast<int>(strtol(colon + 1, &end, 10));
    if (*end == ':') place.column = atoi(end + 1);
    *colon = 0;
  }
  place.function = Keep(name);
  place.path = Keep(path);
  place.file = ShortPath(place.path);
  inlined.places[inlined.count++] = place;
}

// An answer is the address, then pairs of lines (function, location), until
// the next address.
void Symbolizer::ReadAnswers(const char* module, char* answers) {
  char* rest;
  Entry* entry = nullptr;
  const char* function = nullptr;
  for (char* line = strtok_r(answers, "\n", &rest); line != nullptr;
       line = strtok_r(nullptr, "\n", &rest)) {
    if (strncmp(line, "0x", 2) == 0) {
      const uintptr_t offset = strtoull(line, nullptr, 16);
      entry = nullptr;
      for (Entry& candidate : entries_) {
        const bool same = candidate.pc - 1 - candidate.base == offset;
        if (same && strcmp(candidate.module, module) == 0) entry = &candidate;
      }
      function = nullptr;
    } else if (function == nullptr) {
      function = line;
    } else {
      if (entry != nullptr) Add(entry, function, line);
      function = nullptr;
    }
  }
}

bool Symbolizer::Ask(const char* const* command, const char* module) {
  Text input(size_t{1} << 20);
  for (const Entry& entry : entries_) {
    if (strcmp(entry.module, module) != 0) continue;
    // What is noted are return addresses: the call lies before.
    input.Format("0x%zx\n", static_cast<size_t>(entry.pc - 1 - entry.base));
  }
  char* answers = static_cast<char*>(ReserveMemory(kMostAnswers));
  const bool answered =
      RunCommand(command, input, answers, kMostAnswers, input.c_str());
  if (answered) ReadAnswers(module, answers);
  munmap(answers, kMostAnswers);
  return answered;
}

void Symbolizer::LookUpModule(const char* module) {
  char path[4096];
  const ssize_t length = readlink(module, path, sizeof path - 1);
  path[length < 0 ? 0 : length] = 0;
  const char* file = length < 0 ? module : path;
  constexpr const char* kTools[] = {"llvm-symbolizer-19", "llvm-symbolizer"};
  for (const char* tool : kTools) {
    const char* const command[] = {
        tool, "--obj", file, "--addresses", "--demangle", "--inlines", nullptr};
    if (Ask(command, module)) return;
  }
  const char* const command[] = {"addr2line", "-a", "-f", "-C",
                                 "-i",        "-e", file, nullptr};
  Ask(command, module);
}

void Symbolizer::LookUp() {
  for (size_t i = 0; i < entries_.size(); ++i) {
    bool first = true;
    for (size_t k = 0; k < i; ++k) {
      if (strcmp(entries_[k].module, entries_[i].module) == 0) first = false;
    }
    if (first) LookUpModule(entries_[i].module);
  }
}

void Symbolizer::ReadSources() {
  SourceText sources;
  Text text(4096);
  for (Entry& entry : entries_) {
    for (int i = 0; i < entry.inlined.count; ++i) {
      Place& place = entry.inlined.places[i];
      if (place.is_library) continue;
      if (sources.Line(place, &text)) place.code = Keep(&text);
      if (sources.Receiver(place, &text)) place.receiver = Keep(&text);
      if (sources.FirstArgument(place, &text)) place.argument = Keep(&text);
      place.is_tiny = sources.IsInTinyBody(place);
    }
  }
}

const InlinedPlaces& Symbolizer::PlacesOf(uintptr_t pc) const {
  static constexpr InlinedPlaces kUnknown;
  const uint32_t number = index_[SlotOf(pc)];
  return number == 0 ? kUnknown : entries_[number - 1].inlined;
}

Place Symbolizer::PlaceOf(uintptr_t pc) const {
  const InlinedPlaces& inlined = PlacesOf(pc);
  for (int i = 0; i < inlined.count; ++i) {
    if (!inlined.places[i].is_library) return inlined.places[i];
  }
  if (inlined.count > 0) return inlined.places[0];
  Place unknown;
  unknown.is_library = true;
  return unknown;
}

}  // namespace reveille::explore

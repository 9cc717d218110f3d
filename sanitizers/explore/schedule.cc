#include "schedule.h"

#include <limits.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"

namespace reveille::explore {
namespace {

constexpr char kMagic[] = "reveille-schedule 1";
constexpr char kTags[] = "twsbru";
constexpr uint64_t kMostSteps = uint64_t{1} << 40;

uint64_t Digest(const char* bytes, size_t size) {
  uint64_t digest = Scatter(size);
  for (size_t i = 0; i < size; ++i) {
    digest = (digest ^ static_cast<unsigned char>(bytes[i])) * 0x100000001b3;
  }
  return Scatter(digest);
}

int DigestCode(dl_phdr_info* module, size_t, void* result) {
  uint64_t digest = 1;
  for (int i = 0; i < module->dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = module->dlpi_phdr[i];
    if (header.p_type != PT_LOAD || (header.p_flags & PF_X) == 0) continue;
    const char* code =
        reinterpret_cast<const char*>(module->dlpi_addr + header.p_vaddr);
    digest = Scatter(digest ^ Digest(code, header.p_memsz));
  }
  *static_cast<uint64_t*>(result) = digest;
  return 1;  // the program itself comes first
}

bool Same(const Choice& a, const Choice& b) {
  return a.tag == b.tag && a.value == b.value;
}

void PrintChoices(const Buffer<Choice>& choices, Text* text) {
  constexpr size_t kOnALine = 16;
  size_t words = 0;
  for (size_t i = 0; i < choices.size();) {
    size_t run = 1;
    while (i + run < choices.size() && Same(choices[i], choices[i + run])) {
      ++run;
    }
    text->Append(words % kOnALine == 0 ? (words == 0 ? "" : "\n") : " ");
    text->Format("%c%u", static_cast<char>(choices[i].tag),
                 static_cast<unsigned>(choices[i].value));
    if (run > 1) text->Format("*%zu", run);
    ++words;
    i += run;
  }
  if (words > 0) text->Append("\n");
}

// Reads a text line by line and word by word; stays inside it.
class Reader {
 public:
  Reader(const char* bytes, size_t size) : next_(bytes), end_(bytes + size) {}

  // The next line without its end, at most `capacity` - 1 bytes of it. False
  // at the end of the text or when the line is too long or has a zero byte.
  bool Line(char* line, size_t capacity) {
    size_t length = 0;
    ++number_;
    for (; next_ != end_; ++next_) {
      if (*next_ == '\n') {
        ++next_;
        line[length] = 0;
        return true;
      }
      if (*next_ == 0 || length + 1 == capacity) return false;
      line[length++] = *next_;
    }
    return false;
  }
  int number() const { return number_; }
  const char* position() const { return next_; }

 private:
  const char* next_;
  const char* end_;
  int number_ = 0;
};

bool ParseHex(const char* word, uint64_t* value) {
  if (strlen(word) != 16) return false;
  // One way to write it only, so that damage cannot hide in another.
  if (strspn(word, "0123456789abcdef") != 16) return false;
  *value = strtoull(word, nullptr, 16);
  return true;
}

// "name value" with the expected name; null otherwise.
const char* ValueOf(const char* line, const char* name) {
  const size_t length = strlen(name);
  if (strncmp(line, name, length) != 0 || line[length] != ' ') return nullptr;
  return line + length + 1;
}

// A number of at most `most`, without anything that another number is written
// with, too. Moves *text behind it.
bool ParseNumber(const char** text, uint64_t most, uint64_t* value) {
  const size_t digits = strspn(*text, "0123456789");
  if (digits == 0 || digits > 19) return false;
  if (digits > 1 && **text == '0') return false;
  *value = strtoull(*text, nullptr, 10);
  *text += digits;
  return *value <= most;
}

// "name=number " with the expected name; the last one without the blank.
bool ParseLimit(const char** line, const char* name, uint64_t most,
                uint64_t* value) {
  const size_t length = strlen(name);
  if (strncmp(*line, name, length) != 0 || (*line)[length] != '=') return false;
  *line += length + 1;
  if (!ParseNumber(line, most, value)) return false;
  if (**line == ' ' && (*line)[1] != 0) ++*line;
  return true;
}

bool ParseLimits(const char* line, ExecutionLimits* limits) {
  uint64_t spin_rounds, early_timers, spurious, plain, after_rescue;
  if (!ParseLimit(&line, "max-steps", kMostSteps, &limits->max_steps) ||
      !ParseLimit(&line, "spin-rounds", UINT32_MAX, &spin_rounds) ||
      !ParseLimit(&line, "early-timers", INT_MAX, &early_timers) ||
      !ParseLimit(&line, "spurious", INT_MAX, &spurious) ||
      !ParseLimit(&line, "plain", 1, &plain) ||
      !ParseLimit(&line, "after-rescue", 1, &after_rescue)) {
    return false;
  }
  if (*line != 0 || limits->max_steps == 0) return false;
  limits->spin_rounds = static_cast<uint32_t>(spin_rounds);
  limits->early_timers = static_cast<int>(early_timers);
  limits->spurious_wakeups = static_cast<int>(spurious);
  limits->plain_accesses = plain != 0;
  limits->after_rescue = after_rescue != 0;
  return true;
}

// One word, such as t1 or w0*3.
bool ParseChoice(const char* word, Choice* choice, unsigned long* repeat) {
  if (*word == 0 || strchr(kTags, *word) == nullptr) return false;
  if (word[1] < '0' || word[1] > '9') return false;
  char* end;
  const unsigned long value = strtoul(word + 1, &end, 10);
  *repeat = 1;
  if (*end == '*' && end[1] >= '0' && end[1] <= '9') {
    *repeat = strtoul(end + 1, &end, 10);
  }
  if (*end != 0 || value >= (1u << 24) || *repeat == 0) return false;
  choice->tag = static_cast<unsigned char>(*word);
  choice->value = value & 0xffffff;
  return true;
}

bool ParseChoices(char* line, size_t expected, Buffer<Choice>* choices) {
  char* rest;
  for (char* word = strtok_r(line, " ", &rest); word != nullptr;
       word = strtok_r(nullptr, " ", &rest)) {
    Choice choice;
    unsigned long repeat;
    if (!ParseChoice(word, &choice, &repeat)) return false;
    if (repeat > expected - choices->size()) return false;
    for (; repeat > 0; --repeat) choices->Push(choice);
  }
  return true;
}

bool Damaged(const Reader& reader, const char* what, Text* error) {
  error->Format("schedule, line %d: %s", reader.number(), what);
  return false;
}

bool ParseHead(Reader* reader, Schedule* schedule, Text* error) {
  char line[1024];
  if (!reader->Line(line, sizeof line) || strcmp(line, kMagic) != 0) {
    return Damaged(*reader, "this is no schedule of version 1", error);
  }
  const char* value = nullptr;
  auto next = [&](const char* name) {
    value = reader->Line(line, sizeof line) ? ValueOf(line, name) : nullptr;
    return value != nullptr;
  };
  if (!next("program") || !ParseHex(value, &schedule->program)) {
    return Damaged(*reader, "expected: program <16 hexadecimal digits>", error);
  }
  if (!next("label") || strlen(value) >= sizeof schedule->label) {
    return Damaged(*reader, "expected: label <text>", error);
  }
  strcpy(schedule->label, value);
  if (!next("verdict") || !VerdictNamed(value, &schedule->verdict)) {
    return Damaged(*reader, "expected: verdict <a known verdict>", error);
  }
  if (!next("hash") || !ParseHex(value, &schedule->hash)) {
    return Damaged(*reader, "expected: hash <16 hexadecimal digits>", error);
  }
  if (!next("limits") || !ParseLimits(value, &schedule->limits)) {
    return Damaged(*reader, "expected: limits max-steps=... (and five more)",
                   error);
  }
  return true;
}

bool ParseBody(Reader* reader, Schedule* schedule, Text* error) {
  char line[1024];
  uint64_t expected = 0;
  const char* count =
      reader->Line(line, sizeof line) ? ValueOf(line, "choices") : nullptr;
  if (count == nullptr || !ParseNumber(&count, kMostChoices, &expected) ||
      *count != 0) {
    return Damaged(*reader, "expected: choices <count>", error);
  }
  schedule->choices.Clear();
  while (schedule->choices.size() < expected) {
    if (!reader->Line(line, sizeof line)) {
      return Damaged(*reader, "the choices end too early", error);
    }
    const size_t before = schedule->choices.size();
    if (!ParseChoices(line, expected, &schedule->choices) ||
        schedule->choices.size() == before) {
      return Damaged(*reader, "this is no list of choices", error);
    }
  }
  return true;
}

}  // namespace

uint64_t ProgramIdentity() {
  static uint64_t identity = 0;
  if (identity == 0) dl_iterate_phdr(DigestCode, &identity);
  return identity;
}

void PrintSchedule(const Schedule& schedule, Text* text) {
  const size_t begin = text->size();
  const ExecutionLimits& limits = schedule.limits;
  text->Format("%s\nprogram %016llx\nlabel %s\nverdict %s\nhash %016llx\n",
               kMagic, static_cast<unsigned long long>(schedule.program),
               schedule.label, NameOf(schedule.verdict),
               static_cast<unsigned long long>(schedule.hash));
  text->Format(
      "limits max-steps=%llu spin-rounds=%u early-timers=%d spurious=%d "
      "plain=%d after-rescue=%d\nchoices %zu\n",
      static_cast<unsigned long long>(limits.max_steps), limits.spin_rounds,
      limits.early_timers, limits.spurious_wakeups, limits.plain_accesses,
      limits.after_rescue, schedule.choices.size());
  PrintChoices(schedule.choices, text);
  SealSchedule(text, begin);
}

void SealSchedule(Text* text, size_t begin) {
  const uint64_t digest = Digest(text->c_str() + begin, text->size() - begin);
  text->Format("end %016llx\n", static_cast<unsigned long long>(digest));
}

bool ParseSchedule(const char* bytes, size_t size, Schedule* schedule,
                   Text* error) {
  Reader reader(bytes, size);
  if (!ParseHead(&reader, schedule, error)) return false;
  if (!ParseBody(&reader, schedule, error)) return false;
  const size_t covered = static_cast<size_t>(reader.position() - bytes);
  char line[64];
  const char* value =
      reader.Line(line, sizeof line) ? ValueOf(line, "end") : nullptr;
  uint64_t digest = 0;
  if (value == nullptr || !ParseHex(value, &digest)) {
    return Damaged(reader, "expected: end <checksum>", error);
  }
  if (digest != Digest(bytes, covered)) {
    return Damaged(reader, "the checksum does not match: damaged or edited",
                   error);
  }
  if (reader.position() != bytes + size) {
    return Damaged(reader, "there is more after the end", error);
  }
  return true;
}

bool LoadScheduleOfAnyBuild(const char* path, Schedule* schedule, Text* error) {
  Text file(size_t{1} << 26);
  if (!ReadFile(path, &file)) {
    error->Format("%s cannot be read", path);
    return false;
  }
  return ParseSchedule(file.c_str(), file.size(), schedule, error);
}

bool LoadSchedule(const char* path, Schedule* schedule, Text* error) {
  if (!LoadScheduleOfAnyBuild(path, schedule, error)) return false;
  if (schedule->program != ProgramIdentity()) {
    error->Format(
        "%s was made by another build (program %016llx, this is %016llx)", path,
        static_cast<unsigned long long>(schedule->program),
        static_cast<unsigned long long>(ProgramIdentity()));
    return false;
  }
  return true;
}

}  // namespace reveille::explore

#include "fuzz/program/program.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace reveille::fuzz {
namespace {

// A field of a packed byte.
struct Field {
  int shift;
  int bits;

  int From(uint8_t byte) const { return (byte >> shift) & ((1 << bits) - 1); }
  uint8_t Of(int value) const { return static_cast<uint8_t>(value << shift); }
};

// First byte of a program.
constexpr Field kProcs = {0, 2};
constexpr Field kRescuers = {2, 1};
constexpr Field kReference = {3, 1};
constexpr Field kEarlyTimers = {4, 2};
constexpr Field kSpurious = {6, 2};
// Second byte of a program.
constexpr Field kOps = {0, 4};
// First byte of an operation.
constexpr Field kKind = {0, 4};
constexpr Field kActor = {4, 2};
constexpr Field kCount = {6, 2};
// Second byte of an operation.
constexpr Field kVariant = {0, 3};
constexpr Field kMeets = {3, 1};

constexpr const char* kWords[] = {
#define REVEILLE_FUZZ_WORD(kind, word) word,
    REVEILLE_FUZZ_OPERATIONS(REVEILLE_FUZZ_WORD)
#undef REVEILLE_FUZZ_WORD
};
constexpr const char* kActors[] = {"main", "helper", "task", "same task"};

// Bytes from the front; zeros when there are no more.
class Reader {
 public:
  Reader(const uint8_t* bytes, size_t size) : bytes_(bytes), size_(size) {}
  uint8_t Next() { return used_ < size_ ? bytes_[used_++] : 0; }
  size_t used() const { return used_; }

 private:
  const uint8_t* bytes_;
  size_t size_;
  size_t used_ = 0;
};

Op DecodeOp(uint8_t first, uint8_t second) {
  Op op;
  op.kind = static_cast<OpKind>(kKind.From(first) % kOpKinds);
  op.actor = static_cast<Actor>(kActor.From(first));
  op.count = static_cast<uint8_t>(kCount.From(first) + 1);
  op.variant = static_cast<uint8_t>(kVariant.From(second));
  op.meets = kMeets.From(second) != 0;
  return op;
}

std::string ToText(const Op& op) {
  return absl::StrCat(kActors[static_cast<int>(op.actor)], ": ",
                      WordFor(op.kind), " ", op.count, " variant ", op.variant,
                      op.meets ? " meeting" : "");
}

}  // namespace

const char* WordFor(OpKind kind) { return kWords[static_cast<int>(kind)]; }

Program DecodeProgram(const uint8_t* bytes, size_t size, size_t* used) {
  Reader reader(bytes, size);
  const uint8_t head = reader.Next();
  Program program;
  program.procs = static_cast<uint8_t>(kProcs.From(head) + 1);
  program.rescuers = kRescuers.From(head) != 0;
  program.reference = kReference.From(head) != 0;
  program.early_timers = static_cast<uint8_t>(kEarlyTimers.From(head));
  program.spurious = static_cast<uint8_t>(kSpurious.From(head));
  const int ops = kOps.From(reader.Next());
  for (int i = 0; i < ops; ++i) {
    const uint8_t first = reader.Next();
    const uint8_t second = reader.Next();
    program.ops.push_back(DecodeOp(first, second));
  }
  *used = reader.used();
  return program;
}

void EncodeProgram(const Program& program, std::vector<uint8_t>* bytes) {
  bytes->push_back(static_cast<uint8_t>(
      kProcs.Of(program.procs - 1) | kRescuers.Of(program.rescuers) |
      kReference.Of(program.reference) | kEarlyTimers.Of(program.early_timers) |
      kSpurious.Of(program.spurious)));
  bytes->push_back(kOps.Of(static_cast<int>(program.ops.size())));
  for (const Op& op : program.ops) {
    bytes->push_back(static_cast<uint8_t>(
        kKind.Of(static_cast<int>(op.kind)) |
        kActor.Of(static_cast<int>(op.actor)) | kCount.Of(op.count - 1)));
    bytes->push_back(
        static_cast<uint8_t>(kVariant.Of(op.variant) | kMeets.Of(op.meets)));
  }
}

std::string ToText(const Program& program) {
  std::string text = absl::StrCat(
      "pool ", program.pool(), ", ", program.procs, " Ps, rescuers ",
      program.rescuers ? "on" : "off", ", ", program.early_timers,
      " early timers, ", program.spurious, " spurious wakeups\n");
  for (const Op& op : program.ops) absl::StrAppend(&text, ToText(op), "\n");
  return text;
}

std::string ToHex(const std::vector<uint8_t>& bytes) {
  return absl::BytesToHexString(absl::string_view(
      reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

bool FromHex(const std::string& hex, std::vector<uint8_t>* bytes) {
  const auto is_digit = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  };
  if (hex.size() % 2 != 0 || !std::all_of(hex.begin(), hex.end(), is_digit)) {
    return false;
  }
  const std::string text = absl::HexStringToBytes(hex);
  bytes->assign(text.begin(), text.end());
  return true;
}

}  // namespace reveille::fuzz

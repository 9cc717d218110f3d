// Program: what is done to a pool, as a value that bytes decide.
//
//   bytes ---DecodeProgram()---> Program ---Perform---> pool, judged
//         <--EncodeProgram()---
//
// I1: every byte string is a program. What is missing counts as zero.
// I2: encoding what was decoded and decoding it again gives the same program.
// I3: a pool that keeps its promises ends every program: tasks that wait for
//     others never need more workers than there are (seats.h).
#ifndef REVEILLE_FUZZ_PROGRAM_PROGRAM_H_
#define REVEILLE_FUZZ_PROGRAM_PROGRAM_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace reveille::fuzz {

// name of the enumerator, word in texts.
#define REVEILLE_FUZZ_OPERATIONS(X) \
  X(kSubmit, "submit")              \
  X(kBurst, "burst")                \
  X(kYielding, "yielding")          \
  X(kBlock, "block")                \
  X(kLocked, "locked")              \
  X(kTimer, "timer")                \
  X(kNetpoll, "netpoll")            \
  X(kIdle, "idle")                  \
  X(kResize, "resize")              \
  X(kSleep, "sleep")                \
  X(kPause, "pause")                \
  X(kDrain, "drain")                \
  X(kShutdown, "shutdown")

enum class OpKind : uint8_t {
#define REVEILLE_FUZZ_ENUMERATOR(kind, word) kind,
  REVEILLE_FUZZ_OPERATIONS(REVEILLE_FUZZ_ENUMERATOR)
#undef REVEILLE_FUZZ_ENUMERATOR
};
inline constexpr int kOpKinds = static_cast<int>(OpKind::kShutdown) + 1;

// Who performs an operation.
enum class Actor : uint8_t {
  kMain,      // The thread that runs the program.
  kHelper,    // A second thread outside of the pool.
  kTask,      // A task of its own, submitted by the main thread.
  kSameTask,  // The task of the operation before it.
};

struct Op {
  OpKind kind = OpKind::kSubmit;
  Actor actor = Actor::kMain;
  uint8_t count = 1;    // Tasks, timers, descriptors: 1..kMostCount.
  bool meets = false;   // Its tasks wait for each other, see ProgramRound.
  uint8_t variant = 0;  // 0..kMostVariant; what it means depends on the kind.

  bool operator==(const Op&) const = default;
};
inline constexpr int kMostCount = 4;
inline constexpr int kMostVariant = 7;

struct Program {
  static constexpr size_t kMostOps = 15;
  static constexpr int kMostProcs = 4;

  uint8_t procs = 1;         // 1..kMostProcs
  bool rescuers = false;     // The pool's timed rescuers.
  uint8_t early_timers = 0;  // 0..3; under the lens only.
  uint8_t spurious = 0;      // 0..3; under the lens only.
  bool reference = false;    // The pool 'reference' instead of 'mpg'.
  std::vector<Op> ops;       // At most kMostOps.

  const char* pool() const { return reference ? "reference" : "mpg"; }
  bool operator==(const Program&) const = default;
};

// Takes its part from the front of the bytes; *used says how much that was.
Program DecodeProgram(const uint8_t* bytes, size_t size, size_t* used);
void EncodeProgram(const Program& program, std::vector<uint8_t>* bytes);

// One line per operation, for people.
std::string ToText(const Program& program);

// For command lines: the bytes in hexadecimal. False: it is not.
std::string ToHex(const std::vector<uint8_t>& bytes);
bool FromHex(const std::string& hex, std::vector<uint8_t>* bytes);

const char* WordFor(OpKind kind);

}  // namespace reveille::fuzz

#endif  // REVEILLE_FUZZ_PROGRAM_PROGRAM_H_

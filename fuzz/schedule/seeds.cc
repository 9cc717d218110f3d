#include "fuzz/schedule/seeds.h"

#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"

namespace reveille::fuzz {
namespace {

using explore::PlanBase;

constexpr auto kMain = Actor::kMain;
constexpr auto kHelper = Actor::kHelper;
constexpr auto kTask = Actor::kTask;
constexpr auto kSameTask = Actor::kSameTask;

constexpr bool kMeets = true;
constexpr bool kAlone = false;

struct Shape {
  std::string name;
  std::vector<Op> ops;  // `count` 0: as many as Ps.
};

Op Drain() { return {OpKind::kDrain, kMain, 1, kAlone, 0}; }

// What is usual of most kinds, as a program of ten operations.
Shape OneOfEach() {
  using K = OpKind;
  return {"ten",
          {{K::kSubmit, kMain, 1, kMeets, 0},
           {K::kSubmit, kTask, 1, kMeets, 0},
           {K::kBurst, kMain, 2, kAlone, 0},
           {K::kYielding, kMain, 1, kAlone, 1},
           {K::kBlock, kMain, 1, kAlone, 1},
           {K::kTimer, kMain, 1, kAlone, 1},
           {K::kNetpoll, kMain, 1, kAlone, 0},
           {K::kPause, kMain, 1, kAlone, 0},
           {K::kLocked, kMain, 1, kAlone, 0},
           {K::kSubmit, kHelper, 1, kAlone, 1}}};
}

// More than the queue of a worker holds: each execution takes long.
Shape Crowd() { return {"crowd", {{OpKind::kBurst, kTask, 1, kAlone, 6}}}; }

// The scenario that a shape is like gives it its name.
std::vector<Shape> Shapes() {
  using K = OpKind;
  return {
      {"rendezvous", {{K::kSubmit, kMain, 0, kMeets, 0}}},
      {"burst",
       {{K::kBurst, kMain, 0, kMeets, 0},
        Drain(),
        {K::kBurst, kMain, 4, kMeets, 0}}},
      {"errand", {{K::kSubmit, kTask, 0, kMeets, 0}}},
      {"relay", {{K::kBurst, kMain, 0, kMeets, 2}}},
      {"relay-out", {{K::kBurst, kMain, 0, kMeets, 6}}},
      {"fanout",
       {{K::kSubmit, kMain, 2, kAlone, 0},
        {K::kSubmit, kTask, 2, kAlone, 0},
        {K::kSubmit, kSameTask, 0, kMeets, 0},
        {K::kSubmit, kMain, 1, kAlone, 0}}},
      {"handoff",
       {{K::kSubmit, kHelper, 1, kMeets, 1},
        {K::kSubmit, kMain, 1, kMeets, 1},
        {K::kSubmit, kMain, 1, kMeets, 2}}},
      {"yield",
       {{K::kYielding, kTask, 1, kMeets, 2},
        {K::kSubmit, kSameTask, 2, kMeets, 0},
        {K::kSubmit, kMain, 2, kAlone, 0}}},
      {"yieldpair",
       {{K::kSubmit, kMain, 1, kAlone, 0},
        {K::kYielding, kMain, 1, kMeets, 4},
        {K::kSubmit, kMain, 1, kAlone, 0}}},
      {"giveway", {{K::kYielding, kMain, 0, kAlone, 4}}},
      {"timers",
       {{K::kTimer, kMain, 0, kMeets, 1}, {K::kTimer, kTask, 1, kMeets, 3}}},
      {"alarm",
       {{K::kSubmit, kMain, 1, kAlone, 0}, {K::kNetpoll, kMain, 1, kAlone, 7}}},
      {"watch",
       {{K::kNetpoll, kMain, 1, kMeets, 0}, {K::kTimer, kMain, 1, kMeets, 1}}},
      {"netpoll",
       {{K::kNetpoll, kMain, 0, kMeets, 0},
        {K::kNetpoll, kMain, 2, kAlone, 3}}},
      {"netpoll-close",
       {{K::kNetpoll, kMain, 2, kAlone, 4},
        Drain(),
        {K::kNetpoll, kMain, 4, kMeets, 1}}},
      {"lend",
       {{K::kBlock, kMain, 1, kMeets, 4}, {K::kSubmit, kMain, 0, kMeets, 1}}},
      {"pdrop", {{K::kBlock, kMain, 0, kMeets, 6}}},
      {"bound",
       {{K::kLocked, kMain, 1, kMeets, 2},
        {K::kLocked, kTask, 1, kMeets, 1},
        {K::kSubmit, kMain, 2, kMeets, 0}}},
      {"resize",
       {{K::kSubmit, kMain, 2, kAlone, 1},
        {K::kResize, kHelper, 1, kAlone, 2},
        {K::kIdle, kMain, 1, kAlone, 0},
        Drain(),
        {K::kSubmit, kMain, 0, kMeets, 0}}},
      {"idlework",
       {{K::kIdle, kMain, 2, kAlone, 0}, {K::kSubmit, kMain, 0, kMeets, 0}}},
      {"idleresize",
       {{K::kIdle, kMain, 2, kAlone, 0}, {K::kResize, kHelper, 1, kAlone, 2}}},
      {"shutdown", {{K::kShutdown, kMain, 2, kAlone, 5}}},
  };
}

const std::vector<Shape>& AllShapes() {
  static const auto* const all = new std::vector<Shape>(Shapes());
  return *all;
}

Program ProgramOf(const Shape& shape, int procs) {
  Program program;
  program.procs = static_cast<uint8_t>(procs);
  program.ops = shape.ops;
  for (Op& op : program.ops) {
    if (op.count == 0) op.count = static_cast<uint8_t>(procs);
  }
  return program;
}

}  // namespace

int ShapeCount() { return static_cast<int>(AllShapes().size()); }

Program ShapeOf(int number, int procs) {
  return ProgramOf(AllShapes()[static_cast<size_t>(number)], procs);
}

std::vector<std::pair<std::string, Input>> Seeds() {
  constexpr PlanBase kBaseFor[] = {PlanBase::kStay, PlanBase::kOperations,
                                   PlanBase::kPriorities};
  std::vector<std::pair<std::string, Input>> seeds;
  std::vector<Shape> shapes = AllShapes();
  shapes.push_back(OneOfEach());
  shapes.push_back(Crowd());
  for (const Shape& shape : shapes) {
    for (int procs = 1; procs <= 3; ++procs) {
      Input input;
      input.program = ProgramOf(shape, procs);
      input.plan.base = kBaseFor[procs - 1];
      input.plan.seed = static_cast<uint32_t>(procs);
      seeds.emplace_back(absl::StrCat(shape.name, "-", procs), input);
    }
  }
  return seeds;
}

absl::Status WriteSeeds(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  for (const auto& [name, input] : Seeds()) {
    const std::string path = absl::StrCat(folder, "/", name);
    const std::vector<uint8_t> bytes = EncodeInput(input);
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    file.close();
    if (!file) return absl::InternalError(absl::StrCat("cannot write ", path));
  }
  return absl::OkStatus();
}

}  // namespace reveille::fuzz

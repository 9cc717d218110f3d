// results.jsonl, as the score reads what its lenses have left. The first byte
// says which lens.
#include <string>

#include "fuzz/input.h"
#include "fuzz/surfaces/clear_error.h"
#include "stress/score/lens.h"
#include "stress/score/slice_result.h"

namespace reveille::fuzz {
namespace {

void Read(const stress::Lens& lens, std::string_view text) {
  const stress::SliceResult result =
      stress::ReadSlice(lens, {text.data(), text.size()});
  if (!result.failure.empty()) PromiseClearError(result.failure);
  if (result.found) {
    Promise(result.failure.empty(), "what was found was judged");
    Promise(!result.verdict.empty(), "what was found has a name");
    Promise(result.preemptions >= -1, "preemptions are counted or unknown");
    Promise(result.seconds == -1 || result.seconds >= 0,
            "the time to what was found is known or not");
  } else {
    Promise(result.verdict.empty(), "a verdict is what was found");
  }
  Promise(result.lasted == -1 || result.lasted >= 0, "time does not run back");
}

}  // namespace
}  // namespace reveille::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  reveille::fuzz::Input input(data, size);
  const auto& lenses = reveille::stress::AllLenses();
  const auto& lens = lenses[input.Below(static_cast<uint32_t>(lenses.size()))];
  reveille::fuzz::Read(lens, input.Rest());
  return 0;
}

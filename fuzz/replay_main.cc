// Executes a fuzz target on inputs given as files or as folders of files: the
// main() for those who have no fuzzing engine. What is wrong with an input is
// for the target to say, by aborting.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" {
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
// Targets need not have it.
__attribute__((weak)) int LLVMFuzzerInitialize(int* argc, char*** argv);
}

namespace {

constexpr int kBadInput = 2;

bool ListInputs(const std::string& path, std::vector<std::string>* inputs) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) {
    inputs->push_back(path);
    return true;
  }
  const size_t before = inputs->size();
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(path, error)) {
    if (entry.is_regular_file()) inputs->push_back(entry.path());
  }
  std::sort(inputs->begin() + static_cast<ptrdiff_t>(before), inputs->end());
  return !error;
}

bool Execute(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return false;
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  if (file.bad()) return false;
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()),
                         bytes.size());
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (LLVMFuzzerInitialize != nullptr) LLVMFuzzerInitialize(&argc, &argv);
  std::vector<std::string> inputs;
  for (int i = 1; i < argc; ++i) {
    // What is meant for a fuzzing engine or for the target itself.
    if (argv[i][0] == '-') continue;
    if (ListInputs(argv[i], &inputs)) continue;
    std::fprintf(stderr, "%s: cannot list %s\n", argv[0], argv[i]);
    return kBadInput;
  }
  if (inputs.empty()) {
    std::fprintf(stderr, "usage: %s FILE|FOLDER...: no input given\n", argv[0]);
    return kBadInput;
  }
  for (const std::string& input : inputs) {
    if (Execute(input)) continue;
    std::fprintf(stderr, "%s: cannot read %s\n", argv[0], input.c_str());
    return kBadInput;
  }
  std::printf("%zu inputs\n", inputs.size());
  return 0;
}

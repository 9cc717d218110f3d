#include "stress/driver/status_page.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <new>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace reveille::stress {

const char* ToString(Phase phase) {
  static constexpr const char* kNames[] = {
      "starting", "creating the pool", "running a round",
      "shutting the pool down", "reporting"};
  return kNames[static_cast<uint32_t>(phase)];
}

absl::StatusOr<int> StatusPage::MakeFd() {
  const int fd = memfd_create("reveille-status", 0);
  if (fd < 0 || ftruncate(fd, sizeof(StatusPage)) != 0) {
    return absl::ResourceExhaustedError(
        absl::StrCat("no shared memory: ", std::strerror(errno)));
  }
  return fd;
}

absl::StatusOr<StatusPage*> StatusPage::Map(int fd) {
  void* memory = mmap(nullptr, sizeof(StatusPage), PROT_READ | PROT_WRITE,
                      MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) {
    return absl::ResourceExhaustedError(
        absl::StrCat("no shared memory: ", std::strerror(errno)));
  }
  // Fresh memory of a memfd is zero, which is each field's first value: neither
  // side constructs, so neither wipes what the other wrote.
  return static_cast<StatusPage*>(memory);
}

void StatusPage::SetLine(absl::string_view line) {
  if (line.size() > kMaxLine) return;
  std::memcpy(line_, line.data(), line.size());
  // order: release; pairs with line(): its size says that it is whole.
  line_size_.store(static_cast<uint32_t>(line.size()),
                   std::memory_order_release);
}

std::string StatusPage::line() const {
  // order: acquire; pairs with SetLine().
  return std::string(line_, line_size_.load(std::memory_order_acquire));
}

}  // namespace reveille::stress

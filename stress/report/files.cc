#include "stress/report/files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"

namespace reveille::stress {
namespace {

absl::Status Errno(absl::string_view what, absl::string_view path, int error) {
  return absl::UnavailableError(
      absl::StrCat("cannot ", what, " ", path, ": ",
                   std::generic_category().message(error)));
}

absl::Status WriteAll(int fd, absl::string_view content,
                      const std::string& path) {
  while (!content.empty()) {
    const ssize_t n = write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Errno("write", path, errno);
    content.remove_prefix(static_cast<size_t>(n));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status MakeFolder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return Errno("make the folder", path, error.value());
  const std::string probe = absl::StrCat(path, "/.probe.", getpid());
  const absl::Status status = WriteWhole(probe, "");
  unlink(probe.c_str());
  return status;
}

absl::Status AppendLine(const std::string& path, absl::string_view line) {
  const int fd =
      open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return Errno("open", path, errno);
  const absl::Cleanup closer = [fd] { close(fd); };
  // The lock keeps others out of the moment between a cut write and its repair.
  flock(fd, LOCK_EX);
  struct stat before;
  if (fstat(fd, &before) != 0) return Errno("look at", path, errno);
  absl::Status status = WriteAll(fd, absl::StrCat(line, "\n"), path);
  if (status.ok() || ftruncate(fd, before.st_size) == 0) return status;
  return absl::UnavailableError(
      absl::StrCat(status.message(), " (and its last line is cut)"));
}

absl::Status WriteWhole(const std::string& path, absl::string_view content,
                        bool executable) {
  const std::string temporary = absl::StrCat(path, ".tmp.", getpid());
  const int fd =
      open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
           executable ? 0755 : 0644);
  if (fd < 0) return Errno("write", path, errno);
  absl::Status status = WriteAll(fd, content, path);
  if (status.ok() && fsync(fd) != 0) status = Errno("sync", path, errno);
  close(fd);
  if (status.ok() && rename(temporary.c_str(), path.c_str()) != 0) {
    status = Errno("rename into", path, errno);
  }
  if (!status.ok()) unlink(temporary.c_str());
  return status;
}

absl::StatusOr<std::string> ReadWhole(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Errno("read", path, errno);
  std::ostringstream content;
  content << in.rdbuf();
  return content.str();
}

}  // namespace reveille::stress

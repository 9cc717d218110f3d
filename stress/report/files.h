// Files that are whole or not there: what a run has found survives a crash of
// the driver at any instruction, and a full disk is said in one line.
#ifndef REVEILLE_STRESS_REPORT_FILES_H_
#define REVEILLE_STRESS_REPORT_FILES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace reveille::stress {

// Makes the folder and those above it, and checks that files can be written.
absl::Status MakeFolder(const std::string& path);
// Appends `line` and a newline by one write: lines of several processes do not
// mix, and a line is there or not. What a full disk cut off is taken back.
absl::Status AppendLine(const std::string& path, absl::string_view line);
// Writes beside `path`, syncs, renames.
absl::Status WriteWhole(const std::string& path, absl::string_view content,
                        bool executable = false);
absl::StatusOr<std::string> ReadWhole(const std::string& path);

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_REPORT_FILES_H_

#include "stress/report/files.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace reveille::stress {
namespace {

class FilesTest : public testing::Test {
 protected:
  FilesTest()
      : folder_(absl::StrCat(testing::TempDir(), "/files_test.", getpid())) {
    std::filesystem::create_directories(folder_);
  }
  ~FilesTest() override { std::filesystem::remove_all(folder_); }
  std::string Path(const std::string& name) { return folder_ + "/" + name; }

  const std::string folder_;
};

TEST_F(FilesTest, FolderIsMadeWithThoseAboveIt) {
  EXPECT_TRUE(MakeFolder(Path("a/b/c")).ok());
  EXPECT_TRUE(std::filesystem::is_directory(Path("a/b/c")));
  EXPECT_TRUE(std::filesystem::is_empty(Path("a/b/c")));
}

TEST_F(FilesTest, FolderThatCannotBeSaysWhere) {
  ASSERT_TRUE(WriteWhole(Path("file"), "x").ok());
  const absl::Status status = MakeFolder(Path("file/below"));
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.message().find("file/below"), std::string::npos);
}

TEST_F(FilesTest, WholeFileReplacesTheOldOne) {
  ASSERT_TRUE(WriteWhole(Path("f"), "old").ok());
  ASSERT_TRUE(WriteWhole(Path("f"), std::string(100'000, 'n'), true).ok());
  EXPECT_EQ(*ReadWhole(Path("f")), std::string(100'000, 'n'));
  EXPECT_EQ(access(Path("f").c_str(), X_OK), 0);
  EXPECT_FALSE(ReadWhole(Path("g")).ok());
}

TEST_F(FilesTest, LinesOfManyWritersDoNotMix) {
  std::vector<std::thread> writers;
  for (int i = 0; i < 4; ++i) {
    writers.emplace_back([this, i] {
      const std::string line(5000 + i, static_cast<char>('a' + i));
      for (int n = 0; n < 50; ++n) {
        EXPECT_TRUE(AppendLine(Path("lines"), line).ok());
      }
    });
  }
  for (std::thread& w : writers) w.join();
  std::vector<std::string> lines =
      absl::StrSplit(*ReadWhole(Path("lines")), '\n');
  ASSERT_EQ(lines.size(), 201u);
  EXPECT_EQ(lines.back(), "");
  lines.pop_back();
  for (const std::string& line : lines) {
    EXPECT_EQ(line, std::string(5000 + line[0] - 'a', line[0]));
  }
}

// Planted: the file system takes only a part, as a full disk would.
TEST_F(FilesTest, LineThatDoesNotFitLeavesTheOthersWhole) {
  ASSERT_TRUE(AppendLine(Path("lines"), "first").ok());
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {100, 100};
    setrlimit(RLIMIT_FSIZE, &limit);
    const absl::Status status =
        AppendLine(Path("lines"), std::string(500, 'x'));
    _exit(status.ok() ? 1 : 0);
  }
  int wait_status = 0;
  ASSERT_EQ(waitpid(child, &wait_status, 0), child);
  EXPECT_EQ(wait_status, 0);
  EXPECT_EQ(*ReadWhole(Path("lines")), "first\n");
}

TEST_F(FilesTest, FullDiskIsSaid) {
  if (access("/dev/full", W_OK) != 0) GTEST_SKIP() << "no /dev/full";
  const absl::Status status = AppendLine("/dev/full", "x");
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.message().find("/dev/full"), std::string::npos);
}

}  // namespace
}  // namespace reveille::stress

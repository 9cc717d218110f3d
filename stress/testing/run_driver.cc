#include "stress/testing/run_driver.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "stress/report/files.h"

namespace reveille::stress {
namespace {

bool NamesOut(const std::vector<std::string>& arguments) {
  return std::any_of(arguments.begin(), arguments.end(), [](const auto& a) {
    return absl::StartsWith(a, "--out=");
  });
}

void Redirect(const std::string& path, int target) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0644);
  dup2(fd, target);
  close(fd);
}

}  // namespace

DriverUnderTest::DriverUnderTest() {
  base_ = testing::TempDir() + "/driver_test.XXXXXX";
  if (mkdtemp(base_.data()) == nullptr) abort();
  folder_ = base_ + "/out";
}

DriverUnderTest::~DriverUnderTest() {
  if (pid_ != 0) {
    Signal(SIGKILL);
    Await();
  }
  std::filesystem::remove_all(base_);
}

void DriverUnderTest::Start(std::vector<std::string> arguments) {
  if (!arguments.empty() && arguments[0] == "stress" && !NamesOut(arguments)) {
    arguments.push_back("--out=" + folder_);
  }
  arguments.insert(arguments.begin(), "reveille");
  std::vector<char*> argv;
  for (std::string& a : arguments) argv.push_back(a.data());
  argv.push_back(nullptr);
  pid_ = fork();
  if (pid_ != 0) return;
  // Nobody can type.
  Redirect("/dev/null", STDIN_FILENO);
  Redirect(base_ + "/out.txt", STDOUT_FILENO);
  Redirect(base_ + "/err.txt", STDERR_FILENO);
  execv(REVEILLE_TEST_DRIVER, argv.data());
  _exit(127);
}

void DriverUnderTest::Signal(int signal) { kill(pid_, signal); }

DriverResult DriverUnderTest::Await() {
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = 0;
  DriverResult result;
  if (WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
  result.out = ReadWhole(base_ + "/out.txt").value_or("");
  result.err = ReadWhole(base_ + "/err.txt").value_or("");
  return result;
}

DriverResult DriverUnderTest::Run(std::vector<std::string> arguments) {
  Start(std::move(arguments));
  return Await();
}

std::vector<nlohmann::json> DriverUnderTest::Results() const {
  std::vector<nlohmann::json> results;
  const std::string text = ReadWhole(results_path()).value_or("");
  EXPECT_TRUE(text.empty() || text.back() == '\n') << text;
  for (const absl::string_view line :
       absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    results.push_back(nlohmann::json::parse(line, nullptr, false));
    EXPECT_FALSE(results.back().is_discarded()) << line;
  }
  return results;
}

std::vector<std::string> DriverUnderTest::Findings() const {
  std::vector<std::string> folders;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    const std::string name = entry.path().filename();
    if (absl::StartsWith(name, "finding-")) folders.push_back(entry.path());
  }
  return folders;
}

int CountLines(const std::string& text) {
  return static_cast<int>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace reveille::stress

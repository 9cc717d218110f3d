// Runs the driver under test as its users do: as a program.
#ifndef REVEILLE_STRESS_TESTING_RUN_DRIVER_H_
#define REVEILLE_STRESS_TESTING_RUN_DRIVER_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "nlohmann/json.hpp"

namespace reveille::stress {

struct DriverResult {
  int exit_code = -1;  // -1: a signal ended it.
  std::string out;
  std::string err;
};

// A driver that runs, and a folder of its own for what it leaves. The folder is
// removed with this.
class DriverUnderTest {
 public:
  DriverUnderTest();
  ~DriverUnderTest();
  DriverUnderTest(const DriverUnderTest&) = delete;
  DriverUnderTest& operator=(const DriverUnderTest&) = delete;

  // With --out=folder() added to `arguments` that begin with "stress" and have
  // no --out of their own.
  void Start(std::vector<std::string> arguments);
  void Signal(int signal);
  DriverResult Await();
  DriverResult Run(std::vector<std::string> arguments);

  pid_t pid() const { return pid_; }
  std::string folder() const { return folder_; }
  std::string results_path() const { return folder_ + "/results.jsonl"; }
  // The lines of results.jsonl so far. Fails the test when one is not whole.
  std::vector<nlohmann::json> Results() const;
  // The finding folders, absolute.
  std::vector<std::string> Findings() const;

 private:
  std::string folder_;
  std::string base_;
  pid_t pid_ = 0;
};

int CountLines(const std::string& text);

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_TESTING_RUN_DRIVER_H_

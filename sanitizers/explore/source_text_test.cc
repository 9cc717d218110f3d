#include "sanitizers/explore/source_text.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>
#include <string>

namespace reveille::explore {
namespace {

constexpr char kSource[] = R"(class Pool {
 public:
  int idle() const { return idle_.load(); }

 private:
  void Wake() {
    if (idle_.load() == 0) {
      return;
    }
    rings_[Next(1)]->head.store(1);
    MutexLock lock(&state->mutex_);
  }
};
)";

class SourceTextTest : public testing::Test {
 protected:
  SourceTextTest() : path_(testing::TempDir() + "/source_text_test.source") {
    std::ofstream(path_) << kSource;
    SetTime(1);
  }
  // A file that is newer than the program is not the program's.
  void SetTime(time_t seconds) {
    const timespec times[2] = {{seconds, 0}, {seconds, 0}};
    ASSERT_EQ(utimensat(AT_FDCWD, path_.c_str(), times, 0), 0);
  }
  // The place of `word`, on its first line after `line`.
  Place At(int line, const char* word) {
    Place place;
    place.path = path_.c_str();
    place.line = line;
    std::istringstream lines(kSource);
    std::string text;
    for (int i = 0; i < line; ++i) std::getline(lines, text);
    place.column = static_cast<int>(text.find(word)) + 1;
    EXPECT_GT(place.column, 0) << word << " is not in line " << line;
    return place;
  }
  std::string Line(int line) {
    Text text(4096);
    Place place;
    place.path = path_.c_str();
    place.line = line;
    return sources_.Line(place, &text) ? text.c_str() : "none";
  }
  std::string Receiver(const Place& place) {
    Text text(4096);
    return sources_.Receiver(place, &text) ? text.c_str() : "none";
  }
  std::string FirstArgument(const Place& place) {
    Text text(4096);
    return sources_.FirstArgument(place, &text) ? text.c_str() : "none";
  }

  std::string path_;
  SourceText sources_;
};

TEST_F(SourceTextTest, LinesAreTrimmedAndThoseBeyondTheEndAreNone) {
  EXPECT_EQ(Line(7), "if (idle_.load() == 0) {");
  EXPECT_EQ(Line(4), "none");
  EXPECT_EQ(Line(100), "none");
  EXPECT_EQ(Line(0), "none");
}

TEST_F(SourceTextTest, AnAccessorIsTinyAndAFunctionWithABranchIsNot) {
  EXPECT_TRUE(sources_.IsInTinyBody(At(3, "load")));
  EXPECT_FALSE(sources_.IsInTinyBody(At(7, "load")));
  EXPECT_FALSE(sources_.IsInTinyBody(At(8, "return")));
  EXPECT_FALSE(sources_.IsInTinyBody(At(10, "store")));
}

TEST_F(SourceTextTest, NamesWhatACallIsMadeOn) {
  EXPECT_EQ(Receiver(At(3, "load")), "idle_");
  EXPECT_EQ(Receiver(At(10, "store")), "head");
  EXPECT_EQ(Receiver(At(10, "head")), "rings_");
  EXPECT_EQ(Receiver(At(8, "return")), "none");
}

TEST_F(SourceTextTest, NamesTheFirstArgument) {
  EXPECT_EQ(FirstArgument(At(11, "lock(")), "mutex_");
  EXPECT_EQ(FirstArgument(At(8, "return")), "none");
}

// Where gcc says that a call is.
TEST_F(SourceTextTest, ABracketOfTheArgumentsStandsForTheCall) {
  EXPECT_EQ(Receiver(At(7, "() ==")), "idle_");
  EXPECT_EQ(FirstArgument(At(11, "(&state")), "mutex_");
  EXPECT_EQ(FirstArgument(At(11, ");")), "mutex_");
  EXPECT_EQ(Receiver(At(7, "{")), "none");
  EXPECT_EQ(Receiver(At(7, "== 0")), "none");
}

TEST_F(SourceTextTest, AFileNewerThanTheProgramIsNotItsSource) {
  SetTime(time(nullptr) + 1000);
  EXPECT_EQ(Line(7), "none");
  EXPECT_FALSE(sources_.IsInTinyBody(At(3, "load")));
}

TEST_F(SourceTextTest, AFileThatIsNotThereHasNoLines) {
  Place place;
  place.path = "/nonexistent/folder/file.cc";
  place.line = 1;
  Text text(4096);
  EXPECT_FALSE(sources_.Line(place, &text));
}

}  // namespace
}  // namespace reveille::explore

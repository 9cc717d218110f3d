#include "stress/driver/crash.h"

#include <gtest/gtest.h>

namespace reveille::stress {
namespace {

TEST(CrashTest, InnermostNamesCountAndAddressesDoNot) {
  EXPECT_EQ(TopFrames("*** signal 11 in thread 3 ***\n"
                      "    @ 0x55d0  Pool::Run()\n"
                      "    @ 0x55d1  (unknown)\n"
                      "    @ 0x55d2  Pool::Work()\n"
                      "    @ 0x55d3  main\n"
                      "    @ 0x55d4  _start\n"),
            "Pool::Run() < Pool::Work() < main");
}

TEST(CrashTest, SanitizersSayItThemselves) {
  EXPECT_EQ(TopFrames("==1==ERROR: ...\n"
                      "SUMMARY: AddressSanitizer: heap-use-after-free in f\n"),
            "SUMMARY: AddressSanitizer: heap-use-after-free in f");
}

TEST(CrashTest, OtherOutputHasNoFrames) {
  EXPECT_EQ(TopFrames(""), "");
  EXPECT_EQ(TopFrames("@home\n@ \n@ 0x1\nuser@example.org 0x\n"), "");
}

}  // namespace
}  // namespace reveille::stress

#include "stress/report/field.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace reveille::stress {
namespace {

const nlohmann::json kObject = nlohmann::json::parse(
    R"({"word":"a","yes":true,"half":0.5,"huge":1e300,"minus":-1,"most":)"
    R"(18446744073709551615,"int":2147483648,"list":["a","b"],"mixed":["a",1],)"
    R"("null":null})");

template <typename T>
bool Has(const char* key, const T& expected) {
  T value = {};
  return ReadField(kObject, key, &value) && value == expected;
}

TEST(FieldTest, IsReadAsWhatItIs) {
  EXPECT_TRUE(Has<std::string>("word", "a"));
  EXPECT_TRUE(Has("yes", true));
  EXPECT_TRUE(Has("half", 0.5));
  EXPECT_TRUE(Has("minus", -1));
  EXPECT_TRUE(Has("minus", -1.0));
  EXPECT_TRUE(Has("most", std::numeric_limits<uint64_t>::max()));
  EXPECT_TRUE(Has("int", int64_t{1} << 31));
  EXPECT_TRUE(Has("list", std::vector<std::string>{"a", "b"}));
}

template <typename T>
bool Refuses(const char* key) {
  T value = {};
  return !ReadField(kObject, key, &value) && value == T();
}

TEST(FieldTest, OfAnotherTypeOrThatDoesNotFitIsRefused) {
  EXPECT_TRUE(Refuses<int>("huge"));
  EXPECT_TRUE(Refuses<int>("half"));
  EXPECT_TRUE(Refuses<int>("int"));
  EXPECT_TRUE(Refuses<int>("yes"));
  EXPECT_TRUE(Refuses<int64_t>("most"));
  EXPECT_TRUE(Refuses<uint64_t>("minus"));
  EXPECT_TRUE(Refuses<uint64_t>("word"));
  EXPECT_TRUE(Refuses<bool>("minus"));
  EXPECT_TRUE(Refuses<double>("word"));
  EXPECT_TRUE(Refuses<std::string>("null"));
  EXPECT_TRUE(Refuses<std::vector<std::string>>("mixed"));
  EXPECT_TRUE(Refuses<std::vector<std::string>>("word"));
  EXPECT_TRUE(Refuses<int>("missing"));
}

TEST(FieldTest, OptionalOneMayBeMissingButNotWrong) {
  int value = 7;
  EXPECT_TRUE(ReadOptionalField(kObject, "missing", &value));
  EXPECT_EQ(value, 7);
  EXPECT_FALSE(ReadOptionalField(kObject, "word", &value));
  EXPECT_FALSE(ReadOptionalField(nlohmann::json(3), "word", &value));
}

}  // namespace
}  // namespace reveille::stress

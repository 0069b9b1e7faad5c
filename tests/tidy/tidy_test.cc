#include <gtest/gtest.h>

#include "tests/tidy/exemptions.h"
#include "tests/tidy/tree.h"

namespace sluice::tidy {
namespace {

TEST(Tidy, TheTreeKeepsTheRulesOfTheHouse) {
  const std::vector<SourceFile> files = ReadTree(SLUICE_SOURCE_ROOT);
  ASSERT_FALSE(files.empty()) << "git lists no files in " << SLUICE_SOURCE_ROOT
                              << "; run the tests in a git checkout";
  const Violations violations = WithoutExempted(CheckTree(files), Exemptions());
  EXPECT_TRUE(violations.empty()) << violations.size() << " violations:\n" << Describe(violations);
}

TEST(Tidy, AViolationNamesPlaceProblemAndRemedy) {
  const std::string text =
      Describe({{"sleep", "tests/a_test.cc", 7, "usleep in a test", "wait on a condition"}});
  EXPECT_EQ(text, "tests/a_test.cc:7: [sleep] usleep in a test; wait on a condition\n");
}

TEST(Tidy, ARuleSeesEveryFileOfTheTree) {
  const Violations violations =
      CheckTree({{"edge/one.h", "#pragma once\n"}, {"edge/two.h", "int two();\n"}});
  ASSERT_EQ(violations.size(), 1U) << Describe(violations);
  EXPECT_EQ(violations[0].path, "edge/two.h");
}

TEST(TidyExemptions, CoverTheirFileAndRuleAlone) {
  const Violations violations = {{"name", "edge/a.h", 0, "p", "r"},
                                 {"name", "edge/b.h", 0, "p", "r"},
                                 {"sleep", "edge/a.h", 0, "p", "r"}};
  const Violations remaining =
      WithoutExempted(violations, {{"edge/a.h", "name", "a word of the HTTP standard"}});
  ASSERT_EQ(remaining.size(), 2U);
  EXPECT_EQ(remaining[0].path, "edge/b.h");
  EXPECT_EQ(remaining[1].rule, "sleep");
}

TEST(TidyExemptions, FailOnceTheyCoverNothing) {
  const Violations remaining = WithoutExempted({}, {{"edge/a.h", "name", "was needed once"}});
  ASSERT_EQ(remaining.size(), 1U);
  EXPECT_EQ(remaining[0].rule, "exemption");
}

TEST(TidyExemptions, FailWithoutAReason) {
  const Violations remaining =
      WithoutExempted({{"name", "edge/a.h", 0, "p", "r"}}, {{"edge/a.h", "name", ""}});
  ASSERT_EQ(remaining.size(), 1U);
  EXPECT_EQ(remaining[0].rule, "exemption");
}

}  // namespace
}  // namespace sluice::tidy

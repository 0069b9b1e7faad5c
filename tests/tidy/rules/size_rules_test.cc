#include "tests/tidy/rules/size_rules.h"

#include <gtest/gtest.h>

namespace sluice::tidy {
namespace {

std::string Repeated(const std::string& text, int count) {
  std::string repeated;
  for (int i = 0; i < count; ++i) repeated += text;
  return repeated;
}

TEST(FileLengthRule, AllowsFourHundredLinesAndNoMore) {
  EXPECT_TRUE(CheckFileLength({"edge/a.cc", Repeated("\n", 400)}).empty());
  const Violations violations = CheckFileLength({"edge/a.cc", Repeated("\n", 401)});
  ASSERT_EQ(violations.size(), 1U);
  EXPECT_EQ(violations[0].problem, "401 lines; at most 400");
}

TEST(FileLengthRule, HoldsScriptsToItButNotProseAndVendoredFiles) {
  const std::string text = Repeated("\n", 401);
  EXPECT_EQ(CheckFileLength({"dev", text}).size(), 1U);
  EXPECT_TRUE(CheckFileLength({"docs/a.md", text}).empty());
  EXPECT_TRUE(CheckFileLength({"proto/third_party/google/rpc/a.proto", text}).empty());
}

TEST(FunctionLengthRule, AllowsSeventyLinesAndNoMore) {
  const std::string good = "void F() {\n" + Repeated("  G();\n", 68) + "}\n";
  const std::string bad = "int a;\nvoid F() {\n" + Repeated("  G();\n", 69) + "}\n";
  EXPECT_TRUE(CheckFunctionLength({"edge/a.cc", good}).empty());
  const Violations violations = CheckFunctionLength({"edge/a.cc", bad});
  ASSERT_EQ(violations.size(), 1U);
  EXPECT_EQ(violations[0].line, 2);
  EXPECT_EQ(violations[0].problem, "`void F()` has 71 lines; at most 70");
}

TEST(LineWidthRule, CountsCodePointsUpToAHundred) {
  EXPECT_TRUE(CheckLineWidth({"edge/a.cc", Repeated("a", 100) + "\n"}).empty());
  EXPECT_TRUE(CheckLineWidth({"edge/a.cc", Repeated("\xC3\xA9", 100) + "\n"}).empty());
  const Violations violations = CheckLineWidth({"edge/a.cc", "\n" + Repeated("a", 101)});
  ASSERT_EQ(violations.size(), 1U);
  EXPECT_EQ(violations[0].line, 2);
}

TEST(LineWidthRule, LeavesOtherLanguagesAlone) {
  EXPECT_TRUE(CheckLineWidth({"README.md", Repeated("a", 300)}).empty());
}

TEST(FolderSizeRule, AllowsTwelveCppFilesAndNoMore) {
  std::vector<std::string> paths = {"edge/CMakeLists.txt", "edge/sub/a.cc"};
  for (int i = 0; i < 12; ++i) paths.push_back("edge/" + std::to_string(i) + ".cc");
  EXPECT_TRUE(CheckFolderSize(paths).empty());
  paths.push_back("edge/a.h");
  const Violations violations = CheckFolderSize(paths);
  ASSERT_EQ(violations.size(), 1U);
  EXPECT_EQ(violations[0].path, "edge");
}

}  // namespace
}  // namespace sluice::tidy

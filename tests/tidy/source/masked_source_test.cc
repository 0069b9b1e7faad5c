#include "tests/tidy/source/masked_source.h"

#include <gtest/gtest.h>

namespace sluice::tidy {
namespace {

TEST(MaskedSource, TakesCommentsOutOfTheCode) {
  const MaskedSource masked = MaskSource("int a;  // one {\n/* two\n} */ int b;\n");
  EXPECT_EQ(masked.code, "int a;          \n      \n     int b;\n");
  EXPECT_EQ(masked.comments, "        // one {\n/* two\n} */       \n");
}

TEST(MaskedSource, BlanksWhatLiteralsHold) {
  EXPECT_EQ(MaskSource(R"(f("a\"{//", '{', '\'');)").code, R"(f("      ", ' ', '  ');)");
}

TEST(MaskedSource, BlanksRawStringsToTheirOwnDelimiter) {
  EXPECT_EQ(MaskSource("f(R\"x(a\")\" {\n})x\");").code, "f( \"        \n   \");");
  EXPECT_EQ(MaskSource("f(u8R\"({)\");").code, "f(u8 \"   \");");
}

TEST(MaskedSource, TakesNoNameThatEndsInRForARawString) {
  EXPECT_EQ(MaskSource("VAR\"(\" {").code, "VAR\" \" {");
}

TEST(MaskedSource, TakesNoDigitSeparatorForALiteral) {
  EXPECT_EQ(MaskSource("int a = 1'000'000; {").code, "int a = 1'000'000; {");
  EXPECT_EQ(MaskSource("char a = u8'{';").code, "char a = u8' ';");
}

}  // namespace
}  // namespace sluice::tidy

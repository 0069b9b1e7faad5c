#include "tests/tidy/source/function_spans.h"

#include <gtest/gtest.h>

#include "tests/tidy/source/masked_source.h"

namespace sluice::tidy {
namespace {

// "FIRST-LAST" of each function, in order.
std::vector<std::string> Spans(const std::string& text) {
  std::vector<std::string> spans;
  for (const FunctionSpan& span : FindFunctions(MaskSource(text).code)) {
    spans.push_back(std::to_string(span.first_line) + "-" + std::to_string(span.last_line));
  }
  return spans;
}

using Expected = std::vector<std::string>;

TEST(FunctionSpans, FindsFunctionsInNamespacesAndClasses) {
  EXPECT_EQ(Spans("namespace a {\n"
                  "class B final : public C {\n"
                  " public:\n"
                  "  int Get() const { return 1; }\n"
                  "};\n"
                  "int F(\n"
                  "    int x) {\n"
                  "  return x;\n"
                  "}\n"
                  "}  // namespace a\n"),
            (Expected{"4-4", "6-9"}));
}

TEST(FunctionSpans, CountsWhatIsNestedAsPartOfTheFunction) {
  EXPECT_EQ(Spans("void F() {\n  auto f = [](int a) {\n    if (a) { g(); }\n  };\n}\n"),
            (Expected{"1-5"}));
}

TEST(FunctionSpans, TellsMemberInitializersFromTheBody) {
  EXPECT_EQ(Spans("A::A(int b)\n    : b_{b},\n      c_(2) {\n  D();\n}\n"), (Expected{"1-5"}));
  EXPECT_EQ(Spans("A::A() : b_{1} {\n  D();\n}\n"), (Expected{"1-3"}));
}

TEST(FunctionSpans, SeesTestBodiesAndTemplates) {
  EXPECT_EQ(Spans("TEST(A, B) {\n}\ntemplate <typename T, class U = V<T>>\nT F(U u) {\n}\n"),
            (Expected{"1-2", "3-5"}));
}

TEST(FunctionSpans, TakesNoTableForAFunction) {
  EXPECT_EQ(Spans("const std::map<int, void (*)()> kTable = {\n  {1, F},\n  {2, G(3)},\n};\n"
                  "struct A {\n  int b = 1;\n  int c{2};\n};\nenum class E { kA };\n"
                  "const Entry kEntry(Entry{1});\n"),
            (Expected{}));
}

TEST(FunctionSpans, SeesLambdasInTables) {
  EXPECT_EQ(Spans("const Entry kTable[] = {\n  {\"a\",\n   [](int b) {\n     F(b);\n   }},\n};\n"
                  "const auto kF = [](int a) {\n  return a;\n};\n"),
            (Expected{"2-5", "7-9"}));
}

TEST(FunctionSpans, IsNotConfusedByBracesInTextAndDirectives) {
  EXPECT_EQ(Spans("#define OPEN {\nvoid F() {  // {\n  g(\"{\", '{');\n}\nvoid G() {\n}\n"),
            (Expected{"2-4", "5-6"}));
}

}  // namespace
}  // namespace sluice::tidy

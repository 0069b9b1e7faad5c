// tests/clients/cli/table_test.cc
#include "clients/cli/output/table.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "clients/cli/text/readable.h"

namespace sluice::cli {
namespace {

std::vector<std::string> Lines(const Table& table, int width_columns) {
  std::ostringstream out;
  std::ostringstream err;
  Terminal terminal{-1, out, err};
  terminal.width_columns = width_columns;
  table.Write(terminal);
  std::vector<std::string> lines;
  std::istringstream written(out.str());
  for (std::string line; std::getline(written, line);) lines.push_back(line);
  return lines;
}

Table TwoClients() {
  Table table({{"CLIENT"}, {"QUEUED", Table::Align::kRight}, {"METADATA"}});
  table.AddRow({"alice", "5 B", R"({"plan":"pro","seats":3,"city":"Hamburg"})"});
  table.AddRow({"bob", "1,024 B", "{}"});
  return table;
}

}  // namespace

TEST(Table, GivesEachColumnTheWidthThatItNeeds) {
  EXPECT_EQ(
      Lines(TwoClients(), 100),
      (std::vector<std::string>{"CLIENT   QUEUED  METADATA",
                                R"(alice       5 B  {"plan":"pro","seats":3,"city":"Hamburg"})",
                                "bob     1,024 B  {}"}));
}

TEST(Table, CutsTheWidestColumnFirst) {
  EXPECT_EQ(Lines(TwoClients(), 40),
            (std::vector<std::string>{"CLIENT   QUEUED  METADATA",
                                      "alice       5 B  {\"plan\":\"pro\",\"seats\":\u2026",
                                      "bob     1,024 B  {}"}));
}

TEST(Table, NeverWritesALineWiderThanTheTerminal) {
  for (int width_columns = 1; width_columns <= 70; ++width_columns) {
    for (const std::string& line : Lines(TwoClients(), width_columns)) {
      EXPECT_LE(DisplayWidth(line), width_columns) << line;
    }
  }
}

TEST(Table, AlignsByDisplayWidth) {
  Table table({{"NAME"}, {"N"}});
  table.AddRow({"\u4e2d\u6587\u5b57", "1"});
  table.AddRow({"e\u0301", "2"});
  EXPECT_EQ(Lines(table, 40),
            (std::vector<std::string>{"NAME    N", "\u4e2d\u6587\u5b57  1", "e\u0301       2"}));
}

TEST(Table, MakesCellsVisible) {
  Table table({{"NAME"}});
  table.AddRow({"a\x1b[2Jb\nc"});
  EXPECT_EQ(Lines(table, 40).at(1), "a\\x1b[2Jb\\nc");
}

TEST(Table, UsesStylesOnlyOnATerminalThatAllowsThem) {
  for (const bool allows_color : {true, false}) {
    std::ostringstream out;
    std::ostringstream err;
    Terminal terminal{-1, out, err, true, true, allows_color};
    TwoClients().Write(terminal);
    EXPECT_EQ(out.str().find('\x1b') != std::string::npos, allows_color);
  }
}

}  // namespace sluice::cli

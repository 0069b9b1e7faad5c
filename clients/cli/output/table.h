// clients/cli/output/table.h
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "clients/cli/output/terminal.h"

namespace sluice::cli {

// Rows of text in columns that fit the terminal: the widest columns give way first, with an
// ellipsis where something is missing.
// Thread: one thread.
// Limits: none of its own; it holds every cell until it is written.
class Table {
 public:
  enum class Align { kLeft, kRight };
  struct Column {
    std::string title;
    Align align = Align::kLeft;
  };

  explicit Table(std::vector<Column> columns);

  // One cell for each column. Cells are made Visible here.
  void AddRow(std::vector<std::string> cells);

  bool IsEmpty() const { return rows_.empty(); }

  // The titles, then each row on a line of at most terminal.width_columns.
  void Write(const Terminal& terminal) const;

 private:
  std::vector<int> ColumnWidths(int width_columns) const;
  std::string Line(const std::vector<std::string>& cells, const std::vector<int>& widths,
                   int width_columns) const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace sluice::cli

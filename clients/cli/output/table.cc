// clients/cli/output/table.cc
#include "clients/cli/output/table.h"

#include <algorithm>
#include <cstddef>
#include <ostream>
#include <utility>

#include "clients/cli/text/readable.h"

namespace sluice::cli {
namespace {

constexpr int kGapColumns = 2;

// A column narrower than this tells nothing; the end of the line is cut instead.
constexpr int kWidthColumnsMin = 4;

std::string Spaces(int count) {
  return std::string(static_cast<std::size_t>(std::max(count, 0)), ' ');
}

}  // namespace

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

void Table::AddRow(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  for (std::string& cell : cells) cell = Visible(cell);
  rows_.push_back(std::move(cells));
}

void Table::Write(const Terminal& terminal) const {
  const std::vector<int> widths = ColumnWidths(terminal.width_columns);
  std::vector<std::string> titles;
  for (const Column& column : columns_) titles.push_back(column.title);
  terminal.out << BoldOnOut(terminal, Line(titles, widths, terminal.width_columns)) << '\n';
  for (const auto& row : rows_) terminal.out << Line(row, widths, terminal.width_columns) << '\n';
}

std::vector<int> Table::ColumnWidths(int width_columns) const {
  std::vector<int> widths;
  int total = kGapColumns * (static_cast<int>(columns_.size()) - 1);
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    int width = DisplayWidth(columns_[i].title);
    for (const auto& row : rows_) width = std::max(width, DisplayWidth(row[i]));
    widths.push_back(width);
    total += width;
  }
  while (total > width_columns) {
    const auto widest = std::max_element(widths.begin(), widths.end());
    if (widest == widths.end() || *widest <= kWidthColumnsMin) break;
    // Down to the second widest in one step; one column at a time where several are equal.
    int next = kWidthColumnsMin;
    for (auto width = widths.begin(); width != widths.end(); ++width) {
      if (width != widest) next = std::max(next, *width);
    }
    const int shrunk = std::max({next, *widest - (total - width_columns), kWidthColumnsMin});
    const int target = std::min(shrunk, *widest - 1);
    total -= *widest - target;
    *widest = target;
  }
  return widths;
}

std::string Table::Line(const std::vector<std::string>& cells, const std::vector<int>& widths,
                        int width_columns) const {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::string cell = Truncate(cells[i], widths[i]);
    const int missing = widths[i] - DisplayWidth(cell);
    if (columns_[i].align == Align::kRight) line += Spaces(missing);
    line += cell;
    if (i + 1 == cells.size()) break;
    line += Spaces(kGapColumns + (columns_[i].align == Align::kLeft ? missing : 0));
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return Truncate(line, width_columns);
}

}  // namespace sluice::cli

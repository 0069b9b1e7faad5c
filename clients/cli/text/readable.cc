// clients/cli/text/readable.cc
#include "clients/cli/text/readable.h"

#include <absl/strings/str_format.h>

#include <algorithm>
#include <iterator>

#include "clients/cli/text/utf8.h"

namespace sluice::cli {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// Combining marks, joiners and variation selectors. Not the whole of Unicode: what stands in ids
// and metadata decides, and a wrong guess only moves a column.
constexpr Range kZeroWidth[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x064B, 0x065F},   {0x0E34, 0x0E3A},
    {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x200B, 0x200D}, {0x2060, 0x2064},   {0x20D0, 0x20FF},
    {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}, {0xE0100, 0xE01EF},
};

// Unicode Standard Annex 11, "East Asian Width": W and F, in blocks.
constexpr Range kWide[] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x23E9, 0x23EC},   {0x2E80, 0x303E},
    {0x3041, 0x4DBF},   {0x4E00, 0xA4CF},   {0xA960, 0xA97C},   {0xAC00, 0xD7A3},
    {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},
    {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F7E0, 0x1F7EB}, {0x1F900, 0x1F9FF},
    {0x1FA70, 0x1FAFF}, {0x20000, 0x3FFFD},
};

template <std::size_t kSize>
bool Contains(const Range (&ranges)[kSize], char32_t value) {
  return std::any_of(std::begin(ranges), std::end(ranges), [value](const Range& range) {
    return value >= range.first && value <= range.last;
  });
}

int WidthOf(char32_t value) {
  if (Contains(kZeroWidth, value)) return 0;
  return Contains(kWide, value) ? 2 : 1;
}

bool IsTerminalControl(char32_t value) {
  const bool is_control = value < 0x20 || (value >= 0x7F && value <= 0x9F);
  const bool is_direction = value == 0x200E || value == 0x200F || value == 0x061C ||
                            (value >= 0x202A && value <= 0x202E) ||
                            (value >= 0x2066 && value <= 0x2069);
  return is_control || is_direction || value == 0x2028 || value == 0x2029;
}

std::string EscapeForPerson(char32_t value) {
  if (value == '\n') return "\\n";
  if (value == '\r') return "\\r";
  if (value == '\t') return "\\t";
  const auto number = static_cast<std::uint32_t>(value);
  return number < 0x80 ? absl::StrFormat("\\x%02x", number) : absl::StrFormat("\\u%04x", number);
}

// Line ends stand between the values of an indented document; within strings JSON escapes them.
std::string EscapeForJson(char32_t value) {
  if (value < 0x20) return std::string(1, static_cast<char>(value));
  return absl::StrFormat("\\u%04x", static_cast<std::uint32_t>(value));
}

std::string WithEscapes(std::string_view text, std::string (*escape)(char32_t)) {
  std::string visible;
  visible.reserve(text.size());
  const std::string decoded = DecodeUtf8(text);
  std::string_view rest = decoded;
  while (!rest.empty()) {
    const CodePoint point = FirstCodePoint(rest);
    if (IsTerminalControl(point.value)) {
      visible += escape(point.value);
    } else {
      visible += rest.substr(0, point.size_bytes);
    }
    rest.remove_prefix(point.size_bytes);
  }
  return visible;
}

}  // namespace

std::string Visible(std::string_view text) {
  return WithEscapes(text, EscapeForPerson);
}

std::string VisibleJson(std::string_view json) {
  return WithEscapes(json, EscapeForJson);
}

int DisplayWidth(std::string_view text) {
  int width_columns = 0;
  while (!text.empty()) {
    const CodePoint point = FirstCodePoint(text);
    width_columns += WidthOf(point.value);
    text.remove_prefix(point.size_bytes);
  }
  return width_columns;
}

std::string Truncate(std::string_view text, int width_columns) {
  if (width_columns <= 0) return "";
  if (DisplayWidth(text) <= width_columns) return std::string(text);
  int used_columns = 0;
  std::size_t size_bytes = 0;
  while (size_bytes < text.size()) {
    const CodePoint point = FirstCodePoint(text.substr(size_bytes));
    if (used_columns + WidthOf(point.value) > width_columns - 1) break;
    used_columns += WidthOf(point.value);
    size_bytes += point.size_bytes;
  }
  return std::string(text.substr(0, size_bytes)) + "\u2026";
}

std::string FormatAge(absl::Duration age) {
  if (age < absl::Seconds(1)) return "just now";
  if (age < absl::Minutes(1)) return absl::StrFormat("%ds ago", absl::ToInt64Seconds(age));
  if (age < absl::Hours(1)) return absl::StrFormat("%dm ago", absl::ToInt64Minutes(age));
  if (age < absl::Hours(48)) return absl::StrFormat("%dh ago", absl::ToInt64Hours(age));
  return absl::StrFormat("%dd ago", absl::ToInt64Hours(age) / 24);
}

std::string FormatElapsed(absl::Duration elapsed) {
  if (elapsed < absl::Seconds(1)) {
    return absl::StrFormat("%dms", absl::ToInt64Milliseconds(elapsed));
  }
  if (elapsed < absl::Minutes(1)) {
    return absl::StrFormat("%.1fs",
                           absl::ToDoubleSeconds(absl::Trunc(elapsed, absl::Milliseconds(100))));
  }
  const std::int64_t seconds = absl::ToInt64Seconds(elapsed);
  if (elapsed < absl::Hours(1)) return absl::StrFormat("%dm %ds", seconds / 60, seconds % 60);
  return absl::StrFormat("%dh %dm", seconds / 3600, seconds / 60 % 60);
}

std::string FormatCount(std::int64_t count) {
  std::string text = absl::StrFormat("%d", count);
  const std::size_t first_digit = count < 0 ? 1 : 0;
  for (std::size_t at = text.size(); at > first_digit + 3;) {
    at -= 3;
    text.insert(at, ",");
  }
  return text;
}

std::string FormatBytes(std::int64_t size_bytes) {
  if (size_bytes < 1024) return absl::StrFormat("%d B", size_bytes);
  const double size_kib = static_cast<double>(size_bytes) / 1024;
  if (size_kib < 1024) return absl::StrFormat("%.1f KiB", size_kib);
  return absl::StrFormat("%.1f MiB", size_kib / 1024);
}

}  // namespace sluice::cli

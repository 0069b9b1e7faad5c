#include "edge/names/text_rules.h"

#include <absl/strings/str_format.h>

#include <cstdint>

namespace sluice {
namespace {

struct CodePoint {
  std::uint32_t value;
  std::size_t length;  // 0: the bytes are not UTF-8.
};

constexpr CodePoint kInvalid = {0, 0};

CodePoint DecodeFirst(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::uint32_t first = byte(0);
  if (first < 0x80) return {first, 1};
  std::size_t length = 0;
  std::uint32_t value = 0;
  std::uint32_t value_min = 0;
  if ((first & 0xE0) == 0xC0) {
    length = 2, value = first & 0x1F, value_min = 0x80;
  } else if ((first & 0xF0) == 0xE0) {
    length = 3, value = first & 0x0F, value_min = 0x800;
  } else if ((first & 0xF8) == 0xF0) {
    length = 4, value = first & 0x07, value_min = 0x10000;
  } else {
    return kInvalid;
  }
  if (text.size() < length) return kInvalid;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return kInvalid;
    value = (value << 6) | (byte(i) & 0x3F);
  }
  if (value < value_min || value > 0x10FFFF) return kInvalid;
  if (value >= 0xD800 && value <= 0xDFFF) return kInvalid;
  return {value, length};
}

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};

// Unicode 15: control characters, spaces, and format characters that can hide or reorder a text.
constexpr Range kForbiddenInNames[] = {
    {0x00, 0x20},     {0x7F, 0xA0},     {0xAD, 0xAD},     {0x61C, 0x61C},    {0x1680, 0x1680},
    {0x180E, 0x180E}, {0x2000, 0x200F}, {0x2028, 0x202F}, {0x205F, 0x206F},  {0x3000, 0x3000},
    {0xFEFF, 0xFEFF}, {0xFFF0, 0xFFFB}, {0xFFFE, 0xFFFF}, {0xE0000, 0xE0FFF}};

bool IsForbiddenInNames(std::uint32_t value) {
  for (const Range& range : kForbiddenInNames) {
    if (value >= range.first && value <= range.last) return true;
  }
  return false;
}

}  // namespace

bool IsValidUtf8(std::string_view text) {
  while (!text.empty()) {
    const CodePoint point = DecodeFirst(text);
    if (point.length == 0) return false;
    text.remove_prefix(point.length);
  }
  return true;
}

std::string ToUtf8(std::string_view text, std::size_t bytes_max) {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  std::string clean;
  while (!text.empty()) {
    const std::size_t length = DecodeFirst(text).length;
    const std::string_view next = length == 0 ? kReplacement : text.substr(0, length);
    if (clean.size() + next.size() > bytes_max) break;
    clean.append(next);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return clean;
}

absl::Status CheckNamePrefix(std::string_view prefix) {
  if (prefix.size() > kNameBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrFormat("is %d bytes long; at most %d are allowed", prefix.size(), kNameBytesMax));
  }
  for (std::size_t at = 0; at < prefix.size();) {
    const CodePoint point = DecodeFirst(prefix.substr(at));
    if (point.length == 0) {
      return absl::InvalidArgumentError(
          absl::StrFormat("is not valid UTF-8 at byte %d; expected printable UTF-8", at));
    }
    if (IsForbiddenInNames(point.value)) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "holds U+%04X at byte %d; expected printable UTF-8 without spaces and control characters",
          point.value, at));
    }
    at += point.length;
  }
  return absl::OkStatus();
}

absl::Status CheckName(std::string_view name) {
  if (name.empty()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("is empty; expected 1 to %d bytes of printable UTF-8", kNameBytesMax));
  }
  return CheckNamePrefix(name);
}

}  // namespace sluice

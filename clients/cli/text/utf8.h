// clients/cli/text/utf8.h
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::cli {

inline constexpr char32_t kReplacementCharacter = 0xFFFD;

struct CodePoint {
  char32_t value = kReplacementCharacter;
  std::size_t size_bytes = 0;
  bool is_valid = false;
};

// The code point that `bytes` begins with. What is no UTF-8 is a replacement character that covers
// the bytes which the WHATWG Encoding Standard, "UTF-8 decoder", replaces by one. `bytes` must not
// be empty.
CodePoint FirstCodePoint(std::string_view bytes);

bool IsValidUtf8(std::string_view bytes);

// WHATWG Encoding Standard, "UTF-8 decode without BOM": each malformed sequence becomes U+FFFD.
std::string DecodeUtf8(std::string_view bytes);

}  // namespace sluice::cli

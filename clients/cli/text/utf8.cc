// clients/cli/text/utf8.cc
#include "clients/cli/text/utf8.h"

namespace sluice::cli {
namespace {

constexpr std::string_view kReplacementBytes = "\xEF\xBF\xBD";

// What a lead byte asks for. The bounds of the second byte keep out overlong forms, surrogates and
// what is over U+10FFFF.
struct Sequence {
  std::size_t continuations = 0;
  unsigned char second_min = 0x80;
  unsigned char second_max = 0xBF;
  char32_t lead_bits = 0;
};

bool StartSequence(unsigned char lead, Sequence& sequence) {
  if (lead >= 0xC2 && lead <= 0xDF) {
    sequence = {1, 0x80, 0xBF, static_cast<char32_t>(lead & 0x1F)};
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    sequence = {2, 0x80, 0xBF, static_cast<char32_t>(lead & 0x0F)};
    if (lead == 0xE0) sequence.second_min = 0xA0;
    if (lead == 0xED) sequence.second_max = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    sequence = {3, 0x80, 0xBF, static_cast<char32_t>(lead & 0x07)};
    if (lead == 0xF0) sequence.second_min = 0x90;
    if (lead == 0xF4) sequence.second_max = 0x8F;
  } else {
    return false;
  }
  return true;
}

}  // namespace

CodePoint FirstCodePoint(std::string_view bytes) {
  const auto lead = static_cast<unsigned char>(bytes.front());
  if (lead < 0x80) return {lead, 1, true};
  Sequence sequence;
  if (!StartSequence(lead, sequence)) return {kReplacementCharacter, 1, false};
  char32_t value = sequence.lead_bits;
  for (std::size_t i = 1; i <= sequence.continuations; ++i) {
    const auto byte = i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : '\0';
    const unsigned char min = i == 1 ? sequence.second_min : 0x80;
    const unsigned char max = i == 1 ? sequence.second_max : 0xBF;
    if (byte < min || byte > max) return {kReplacementCharacter, i, false};
    value = (value << 6) | (byte & 0x3F);
  }
  return {value, sequence.continuations + 1, true};
}

bool IsValidUtf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const CodePoint point = FirstCodePoint(bytes);
    if (!point.is_valid) return false;
    bytes.remove_prefix(point.size_bytes);
  }
  return true;
}

std::string DecodeUtf8(std::string_view bytes) {
  std::string decoded;
  decoded.reserve(bytes.size());
  while (!bytes.empty()) {
    const CodePoint point = FirstCodePoint(bytes);
    decoded += point.is_valid ? bytes.substr(0, point.size_bytes) : kReplacementBytes;
    bytes.remove_prefix(point.size_bytes);
  }
  return decoded;
}

}  // namespace sluice::cli

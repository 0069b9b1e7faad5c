#include "control/request/page_token.h"

#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>

#include "edge/names/text_rules.h"

namespace sluice {
namespace {

constexpr std::size_t kHashDigits = 16;
constexpr char kVersion = '1';

std::string HashText(std::uint64_t hash) {
  return absl::StrCat(absl::Hex(hash, absl::kZeroPad16));
}

}  // namespace

std::uint64_t StableHash(std::string_view bytes) {
  std::uint64_t hash = 14695981039346656037u;
  for (const char byte : bytes) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 1099511628211u;
  }
  return hash;
}

std::string EncodePageToken(std::string_view last_id, std::uint64_t filter_hash) {
  std::string token(1, kVersion);
  token += HashText(filter_hash);
  token += last_id;
  return absl::WebSafeBase64Escape(token);
}

absl::StatusOr<std::string> DecodePageToken(std::string_view token, std::uint64_t filter_hash) {
  std::string text;
  const bool is_base64 =
      absl::WebSafeBase64Unescape(absl::string_view(token.data(), token.size()), &text);
  if (!is_base64 || text.size() < 1 + kHashDigits || text[0] != kVersion) {
    return absl::InvalidArgumentError(
        "is no page token of this server; take it from the last answer");
  }
  if (text.substr(1, kHashDigits) != HashText(filter_hash)) {
    return absl::InvalidArgumentError(
        "belongs to a list with another filter; keep the filter from page to page");
  }
  std::string last_id = text.substr(1 + kHashDigits);
  if (!CheckName(last_id).ok()) {
    return absl::InvalidArgumentError(
        "is no page token of this server; take it from the last answer");
  }
  return last_id;
}

}  // namespace sluice

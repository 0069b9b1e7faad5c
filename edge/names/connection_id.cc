#include "edge/names/connection_id.h"

#include "edge/names/random_id.h"

namespace sluice {
namespace {

constexpr std::size_t kTextLength = 13;  // 13 times 5 bits: 64 bits and one that is always 0.

}  // namespace

ConnectionId ConnectionId::Make(int shard_index) {
  constexpr int kShardShift = 56;
  const std::uint64_t random = RandomNumber() & ((std::uint64_t{1} << kShardShift) - 1);
  return ConnectionId((static_cast<std::uint64_t>(shard_index) << kShardShift) | random);
}

std::optional<ConnectionId> ConnectionId::Parse(std::string_view text) {
  if (text.size() != kTextLength) return std::nullopt;
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < kTextLength; ++i) {
    const std::size_t digit = kBase32Alphabet.find(text[i]);
    if (digit == std::string_view::npos) return std::nullopt;
    if (i == 0 && digit >= 16) return std::nullopt;  // The 65th bit.
    bits = (bits << 5) | digit;
  }
  return ConnectionId(bits);
}

std::string ConnectionId::ToString() const {
  std::string text(kTextLength, 'a');
  std::uint64_t bits = bits_;
  for (std::size_t i = kTextLength; i > 0; --i) {
    text[i - 1] = kBase32Alphabet[bits & 31];
    bits >>= 5;
  }
  return text;
}

absl::Status CheckConnectionId(std::string_view text) {
  if (ConnectionId::Parse(text).has_value()) return absl::OkStatus();
  return absl::InvalidArgumentError("is no connection id; expected 13 characters of a-z and 2-7");
}

}  // namespace sluice

#pragma once

#include <absl/status/status.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

// Names one connection, unique in the cluster: random bits, the uppermost 8 replaced by the index
// of the shard that holds it. As text 13 characters of a-z and 2-7.
class ConnectionId {
 public:
  ConnectionId() = default;

  // A new one for shard `shard_index`, 0 to 255.
  static ConnectionId Make(int shard_index);

  // None when `text` is not what ToString returns.
  static std::optional<ConnectionId> Parse(std::string_view text);

  std::string ToString() const;
  int shard_index() const { return static_cast<int>(bits_ >> 56); }

  friend auto operator<=>(const ConnectionId&, const ConnectionId&) = default;

  template <typename Hash>
  friend Hash AbslHashValue(Hash hash, const ConnectionId& id) {
    return Hash::combine(std::move(hash), id.bits_);
  }

 private:
  explicit ConnectionId(std::uint64_t bits) : bits_(bits) {}

  std::uint64_t bits_ = 0;
};

// What ConnectionId::ToString returns. INVALID_ARGUMENT otherwise.
absl::Status CheckConnectionId(std::string_view text);

}  // namespace sluice

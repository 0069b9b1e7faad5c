#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

// Page tokens hold the last id of the page before and a hash of the filter, so that a token can't
// go on with another list.

std::string EncodePageToken(std::string_view last_id, std::uint64_t filter_hash);

// The last id. INVALID_ARGUMENT: not one of our tokens, or of a list with another filter.
absl::StatusOr<std::string> DecodePageToken(std::string_view token, std::uint64_t filter_hash);

// The same on every replica and in every version (64-bit FNV-1a).
std::uint64_t StableHash(std::string_view bytes);

}  // namespace sluice

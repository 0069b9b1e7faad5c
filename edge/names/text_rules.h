#pragma once

#include <absl/status/status.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice {

// What texts from outside must look like. A status of these functions says what was wrong and what
// would be right, without naming the field: the caller knows that.

inline constexpr std::size_t kNameBytesMax = 256;
// How many groups a connection is in at most.
inline constexpr std::size_t kGroupsMax = 64;

// RFC 3629 "UTF-8 definition": no overlong forms, no surrogates, nothing above U+10FFFF.
bool IsValidUtf8(std::string_view text);

// The text as UTF-8 of at most `bytes_max` bytes: each byte that is none becomes U+FFFD, and the
// cut falls between characters. Not empty unless `text` is.
std::string ToUtf8(std::string_view text, std::size_t bytes_max);

// Client ids and group names: 1 to 256 bytes of printable UTF-8 without spaces and control
// characters (which include the invisible ones that change a text's direction or join it).
// INVALID_ARGUMENT otherwise.
absl::Status CheckName(std::string_view name);

// As CheckName, but empty is allowed: for prefixes.
absl::Status CheckNamePrefix(std::string_view prefix);

}  // namespace sluice

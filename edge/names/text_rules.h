#pragma once

#include <absl/status/status.h>

#include <cstddef>
#include <string_view>

namespace sluice {

// What texts from outside must look like. A status of these functions says what was wrong and what
// would be right, without naming the field: the caller knows that.

inline constexpr std::size_t kNameBytesMax = 256;

// RFC 3629 "UTF-8 definition": no overlong forms, no surrogates, nothing above U+10FFFF.
bool IsValidUtf8(std::string_view text);

// Client ids and group names: 1 to 256 bytes of printable UTF-8 without spaces and control
// characters (which include the invisible ones that change a text's direction or join it).
// INVALID_ARGUMENT otherwise.
absl::Status CheckName(std::string_view name);

// As CheckName, but empty is allowed: for prefixes.
absl::Status CheckNamePrefix(std::string_view prefix);

}  // namespace sluice

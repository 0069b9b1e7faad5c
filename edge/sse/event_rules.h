#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <cstddef>
#include <string_view>

namespace sluice {

// What an event from a caller must look like so that it can't break out of its frame (WHATWG HTML,
// "Parsing an event stream": a field ends at CR or LF, and an id with NUL is ignored).
// Errors: INVALID_ARGUMENT; the message says what is wrong and what would be right, without naming
//         the field: the caller knows that. Texts are expected to be UTF-8 already.

inline constexpr std::size_t kEventNameBytesMax = 128;
inline constexpr std::size_t kEventIdBytesMax = 64;
inline constexpr std::size_t kEventDataBytesMax = 65'000;
inline constexpr absl::Duration kReconnectionTimeMin = absl::Milliseconds(100);
inline constexpr absl::Duration kReconnectionTimeMax = absl::Hours(1);

// Event names and ids that begin with this are the server's own.
inline constexpr std::string_view kReservedPrefix = "sluice.";

// Empty is allowed and means `message`.
absl::Status CheckEventName(std::string_view name);

// Empty is allowed and means that the server assigns one.
absl::Status CheckEventId(std::string_view id);

absl::Status CheckEventData(std::string_view data);

absl::Status CheckReconnectionTime(absl::Duration time);

}  // namespace sluice

#pragma once

#include <absl/time/time.h>

#include <optional>
#include <string>
#include <string_view>

namespace sluice {

// An event as it goes to browsers. The views must outlive the call they are given to.
struct EventFields {
  // Empty: no `event:` field, which browsers dispatch as `message`.
  std::string_view name;
  std::string_view data;
  // None: no `id:` field, so the browser's last event ID stays as it is.
  std::optional<std::string_view> id;
  // Rounded down to whole milliseconds.
  std::optional<absl::Duration> reconnection_time;
};

// The bytes of one event (WHATWG HTML, "Parsing an event stream"). `data` is split at CRLF, CR and
// LF into one `data:` field a line; the browser joins them with LF, so every line ending arrives as
// LF. Name and id must have passed the event rules: CR, LF and NUL in them are a broken invariant.
std::string EncodeEvent(const EventFields& event);

// A comment line that keeps proxies and the browser from taking silence for a dead connection.
inline constexpr std::string_view kHeartbeatComment = ":\n\n";

// `retry:` alone, with its blank line.
std::string EncodeReconnectionTime(absl::Duration time);

}  // namespace sluice

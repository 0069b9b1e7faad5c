#include "edge/sse/event_rules.h"

#include <absl/strings/str_format.h>

#include "edge/names/event_number.h"

namespace sluice {
namespace {

using namespace std::string_view_literals;

absl::Status CheckField(std::string_view text, std::size_t bytes_max) {
  if (text.size() > bytes_max) {
    return absl::InvalidArgumentError(
        absl::StrFormat("is %d bytes long; at most %d are allowed", text.size(), bytes_max));
  }
  const std::size_t at = text.find_first_of("\r\n\0"sv);
  if (at != std::string_view::npos) {
    return absl::InvalidArgumentError(
        absl::StrFormat("holds byte 0x%02X at %d; CR, LF and NUL would break the event stream",
                        static_cast<unsigned char>(text[at]), at));
  }
  if (text.substr(0, kReservedPrefix.size()) == kReservedPrefix) {
    return absl::InvalidArgumentError("begins with `sluice.`, which is reserved for the server");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckEventName(std::string_view name) {
  return CheckField(name, kEventNameBytesMax);
}

absl::Status CheckEventId(std::string_view id) {
  if (EventNumber::HasForm(id)) {
    return absl::InvalidArgumentError(
        "has the form EPOCH-SEQ of assigned ids; leave it empty to get one assigned");
  }
  return CheckField(id, kEventIdBytesMax);
}

absl::Status CheckEventData(std::string_view data) {
  if (data.size() <= kEventDataBytesMax) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrFormat("is %d bytes long; at most %d are allowed", data.size(), kEventDataBytesMax));
}

absl::Status CheckReconnectionTime(absl::Duration time) {
  if (time >= kReconnectionTimeMin && time <= kReconnectionTimeMax) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat(
      "is %s; expected %s to %s", absl::FormatDuration(time),
      absl::FormatDuration(kReconnectionTimeMin), absl::FormatDuration(kReconnectionTimeMax)));
}

}  // namespace sluice

#include "edge/sse/event_encoder.h"

#include <absl/strings/str_cat.h>

#include "edge/base/check.h"

namespace sluice {
namespace {

using namespace std::string_view_literals;

void AppendField(std::string& bytes, std::string_view field, std::string_view value) {
  // A space after the colon is removed by the parser once, so a value that begins with one
  // survives.
  bytes.append(field).append(": ").append(value).push_back('\n');
}

void AppendData(std::string& bytes, std::string_view data) {
  while (true) {
    const std::size_t end = data.find_first_of("\r\n"sv);
    AppendField(bytes, "data"sv, data.substr(0, end));
    if (end == std::string_view::npos) return;
    const bool is_crlf = data.substr(end, 2) == "\r\n"sv;
    data.remove_prefix(end + (is_crlf ? 2 : 1));
  }
}

bool FitsOneField(std::string_view value) {
  return value.find_first_of("\r\n\0"sv) == std::string_view::npos;
}

}  // namespace

std::string EncodeEvent(const EventFields& event) {
  SLUICE_CHECK(FitsOneField(event.name));
  SLUICE_CHECK(!event.id.has_value() || FitsOneField(*event.id));
  std::string bytes;
  bytes.reserve(event.data.size() + event.name.size() + 96);
  if (event.id.has_value()) AppendField(bytes, "id"sv, *event.id);
  if (!event.name.empty()) AppendField(bytes, "event"sv, event.name);
  if (event.reconnection_time.has_value()) {
    AppendField(bytes, "retry"sv,
                absl::StrCat(absl::ToInt64Milliseconds(*event.reconnection_time)));
  }
  AppendData(bytes, event.data);
  bytes.push_back('\n');
  return bytes;
}

std::string EncodeReconnectionTime(absl::Duration time) {
  return absl::StrCat("retry: ", absl::ToInt64Milliseconds(time), "\n\n");
}

}  // namespace sluice

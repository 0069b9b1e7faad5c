// Names and ids, which come from callers, browsers and other replicas.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "edge/base/check.h"
#include "edge/http/stream_request.h"
#include "edge/names/connection_id.h"
#include "edge/names/event_number.h"
#include "edge/names/text_rules.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (sluice::CheckName(text).ok()) {
    SLUICE_CHECK(sluice::IsValidUtf8(text) && !text.empty() && size <= sluice::kNameBytesMax);
  }
  const auto number = sluice::EventNumber::Parse(text);
  if (number.has_value()) {
    SLUICE_CHECK(sluice::EventNumber::HasForm(text));
    SLUICE_CHECK(sluice::EventNumber::Parse(number->ToString()) == number);
  }
  const auto connection_id = sluice::ConnectionId::Parse(text);
  if (connection_id.has_value()) SLUICE_CHECK(connection_id->ToString() == text);
  static_cast<void>(sluice::AcceptsEventStream(text));
  return 0;
}

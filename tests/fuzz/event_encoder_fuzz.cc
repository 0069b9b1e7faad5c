// An event from a caller: whatever passes the rules must reach a browser as it was meant, and
// nothing else may.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "edge/base/check.h"
#include "edge/sse/event_encoder.h"
#include "edge/sse/event_rules.h"
#include "tests/support/wire/event_stream_parser.h"

namespace {

// Every line ending arrives as LF.
std::string WithLineFeeds(std::string_view data) {
  std::string text;
  for (std::size_t i = 0; i < data.size(); ++i) {
    if (data[i] == '\n' && i > 0 && data[i - 1] == '\r') continue;
    text.push_back(data[i] == '\r' ? '\n' : data[i]);
  }
  return text;
}

// Takes a length byte and so many bytes from the front.
std::string_view TakeText(std::string_view& input) {
  if (input.empty()) return {};
  const std::size_t length = static_cast<unsigned char>(input.front());
  input.remove_prefix(1);
  const std::string_view text = input.substr(0, length);
  input.remove_prefix(text.size());
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(bytes), size);
  sluice::EventFields event;
  event.name = TakeText(input);
  const std::string_view id = TakeText(input);
  event.data = input;
  const bool is_allowed = sluice::CheckEventName(event.name).ok() &&
                          sluice::CheckEventId(id).ok() && sluice::CheckEventData(event.data).ok();
  if (!is_allowed) return 0;
  if (!id.empty()) event.id = id;

  sluice::tests::EventStreamParser parser;
  const auto received = parser.Feed(sluice::EncodeEvent(event));
  SLUICE_CHECK(received.size() == 1);
  SLUICE_CHECK(received[0].event == (event.name.empty() ? "message" : event.name));
  SLUICE_CHECK(received[0].data == WithLineFeeds(event.data));
  SLUICE_CHECK(received[0].id.value_or("") == id);
  return 0;
}

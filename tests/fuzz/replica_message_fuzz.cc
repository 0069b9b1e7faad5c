// Messages of the backplane, which another version of a replica or a stranger may have sent.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "control/message/envelope.h"
#include "edge/base/check.h"
#include "tests/support/wire/event_stream_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto envelope = sluice::DecodeEnvelope(bytes);
  if (!envelope.ok()) return 0;
  sluice::EventNumber number;
  number.sequence = 7;
  if (envelope->has_record()) {
    const auto record = sluice::DecodeRecord(envelope->record(), number);
    SLUICE_CHECK(record == nullptr || record->number.sequence > 0);
  }
  if (!envelope->has_event()) return 0;
  const auto event = sluice::DecodeEvent(envelope->event(), number,
                                         sluice::IdRule::kAllButEphemeral, absl::ZeroDuration());
  if (!event.ok()) return 0;
  // Whatever was in it, it is one event of the stream.
  sluice::tests::EventStreamParser parser;
  SLUICE_CHECK(parser.Feed(*event->bytes).size() <= 1);
  return 0;
}

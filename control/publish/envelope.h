#pragma once

#include <absl/status/statusor.h>
#include <sluice/internal/v1/envelope.pb.h>

#include <memory>
#include <string>
#include <string_view>

#include "edge/names/event_number.h"
#include "edge/shard/fan_out.h"

namespace sluice {

// The message that carries an event between replicas.
std::string EncodeEnvelope(internal::v1::EventMessage event);

// An event as a replica's edge takes it.
struct DecodedEvent {
  EncodedEvent bytes;
  std::shared_ptr<const DeliveryFilter> filter;  // Null: no filter.
  bool wants_ack = false;
};

// Decodes the message and encodes its event as browsers get it. Foreign bytes are checked: a
// replica of another version, or a stranger, may have sent them. Errors: INVALID_ARGUMENT: not an
// envelope, or an event that breaks the rules. NOT_FOUND: a kind
//         that this version does not know, which is to be ignored.
absl::StatusOr<DecodedEvent> DecodeEnvelope(std::string_view payload, const EventNumber& number);

}  // namespace sluice

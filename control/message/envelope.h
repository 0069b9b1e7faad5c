#pragma once

#include <absl/status/statusor.h>
#include <sluice/internal/v1/envelope.pb.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "control/backplane/history/history.h"
#include "control/backplane/record.h"
#include "edge/fan_out/fan_out.h"
#include "edge/names/event_number.h"

namespace sluice {

// The message as bytes, with its version.
std::string EncodeEnvelope(internal::v1::Envelope envelope);

// A message that carries an event.
std::string EncodeEnvelope(internal::v1::EventMessage event);

// Makes `payload`, an encoded message, ask for an ack to this replica. What is appended is merged
// when the message is decoded (Protocol Buffers, "Encoding: last one wins").
void AppendAckTo(std::string& payload, std::string_view replica_id);

// The same for what logs tell of the call that published it; either may be empty.
void AppendOrigin(std::string& payload, const std::string& trace_id, const std::string& request_id);

// Tells of a client's new record, and asks for acks. Numbers that are not set yet are those that
// the message will have. `joined`: RecordMessage's.
std::string EncodeRecordChange(const Record& record, const std::vector<std::string>& joined,
                               std::string_view replica_id);

// Tells that a client has no record any more, and asks for acks.
std::string EncodeRecordDeletion(std::string_view replica_id);

// The record of a message that came with this number; null: there is none any more.
std::shared_ptr<const Record> DecodeRecord(const internal::v1::RecordMessage& message,
                                           const EventNumber& number);

// The same as part of another message, where every number is set.
void FillRecordMessage(const Record& record, internal::v1::RecordMessage& message);

// INVALID_ARGUMENT: the bytes are no envelope.
absl::StatusOr<internal::v1::Envelope> DecodeEnvelope(std::string_view payload);

// Which events carry the number as their `id:`.
enum class IdRule {
  kAllButEphemeral,
  kNone,  // Their channel keeps no history while others do.
};
IdRule IdRuleOf(const HistoryOptions& history, std::string_view channel);

// Encodes the event as browsers get it. Foreign bytes are checked: a replica of another version, or
// a stranger, may have sent them. Its order is left open. INVALID_ARGUMENT: the event breaks the
// rules. `sent`: when it got its number, as uptime of this replica's clock.
absl::StatusOr<OrderedEvent> DecodeEvent(const internal::v1::EventMessage& message,
                                         const EventNumber& number, IdRule rule,
                                         absl::Duration sent);

// How old an event is at `time_us` of the clock that makes the numbers.
absl::Duration AgeOf(const EventNumber& number, std::uint64_t time_us);

}  // namespace sluice

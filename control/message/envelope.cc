#include "control/message/envelope.h"

#include <utility>

#include "edge/sse/event_encoder.h"
#include "edge/sse/event_rules.h"

namespace sluice {
namespace {

constexpr std::uint32_t kVersion = 1;

absl::Status CheckMessage(const internal::v1::EventMessage& message) {
  for (const absl::Status& status :
       {CheckEventName(message.name()), CheckEventId(message.custom_id()),
        CheckEventData(message.data())}) {
    if (!status.ok()) return status;
  }
  if (message.retry_ms() != 0) return CheckReconnectionTime(absl::Milliseconds(message.retry_ms()));
  return absl::OkStatus();
}

std::shared_ptr<const DeliveryFilter> FilterOf(const internal::v1::EventMessage& message) {
  const bool has_none = message.group().empty() && message.connection_id().empty() &&
                        message.except_client_ids().empty();
  if (has_none) return nullptr;
  auto filter = std::make_shared<DeliveryFilter>();
  filter->group = message.group();
  if (!message.connection_id().empty()) {
    // An id that is not one of ours names no connection, which the zero id does too.
    filter->connection_id = ConnectionId::Parse(message.connection_id()).value_or(ConnectionId());
  }
  filter->except_client_ids.insert(message.except_client_ids().begin(),
                                   message.except_client_ids().end());
  return filter;
}

}  // namespace

std::string EncodeEnvelope(internal::v1::Envelope envelope) {
  envelope.set_version(kVersion);
  return envelope.SerializeAsString();
}

std::string EncodeEnvelope(internal::v1::EventMessage event) {
  internal::v1::Envelope envelope;
  *envelope.mutable_event() = std::move(event);
  return EncodeEnvelope(std::move(envelope));
}

void AppendAckTo(std::string& payload, std::string_view replica_id) {
  internal::v1::Envelope envelope;
  envelope.set_ack_to(std::string(replica_id));
  envelope.AppendToString(&payload);
}

std::string EncodeRecordChange(const Record& record, std::string_view replica_id) {
  internal::v1::Envelope envelope;
  envelope.set_ack_to(std::string(replica_id));
  *envelope.mutable_record()->mutable_metadata() = record.metadata;
  envelope.mutable_record()->set_version(record.version);
  return EncodeEnvelope(std::move(envelope));
}

absl::StatusOr<internal::v1::Envelope> DecodeEnvelope(std::string_view payload) {
  internal::v1::Envelope envelope;
  if (!envelope.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
    return absl::InvalidArgumentError("the message is no sluice.internal.v1.Envelope");
  }
  return envelope;
}

IdRule IdRuleOf(const HistoryOptions& history, std::string_view channel) {
  return history.is_on() && !history.Of(channel).is_on() ? IdRule::kNone : IdRule::kAllButEphemeral;
}

absl::StatusOr<OrderedEvent> DecodeEvent(const internal::v1::EventMessage& message,
                                         const EventNumber& number, IdRule rule) {
  const absl::Status status = CheckMessage(message);
  if (!status.ok()) return status;

  const bool is_resumable = rule == IdRule::kAllButEphemeral && !message.ephemeral();
  const std::string number_text = number.ToString();
  EventFields fields;
  fields.name = message.name();
  fields.data = message.data();
  if (!message.custom_id().empty()) {
    fields.id = message.custom_id();
  } else if (is_resumable) {
    fields.id = number_text;
  }
  if (message.retry_ms() != 0) fields.reconnection_time = absl::Milliseconds(message.retry_ms());
  OrderedEvent event;
  event.bytes = std::make_shared<const std::string>(EncodeEvent(fields));
  event.filter = FilterOf(message);
  event.number = number;
  event.is_resumable = is_resumable;
  return event;
}

}  // namespace sluice

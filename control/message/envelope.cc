#include "control/message/envelope.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

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
                        message.except_client_ids().empty() && message.metadata_match().empty();
  if (has_none) return nullptr;
  auto filter = std::make_shared<DeliveryFilter>();
  filter->group = message.group();
  if (!message.connection_id().empty()) {
    // An id that is not one of ours names no connection, which the zero id does too.
    filter->connection_id = ConnectionId::Parse(message.connection_id()).value_or(ConnectionId());
  }
  filter->except_client_ids.insert(message.except_client_ids().begin(),
                                   message.except_client_ids().end());
  filter->metadata_match.insert(message.metadata_match().begin(), message.metadata_match().end());
  return filter;
}

std::shared_ptr<const QueueRules> RulesOf(const internal::v1::EventMessage& message,
                                          absl::Duration sent) {
  if (message.ttl_ms() <= 0 && message.conflation_key().empty()) return nullptr;
  auto rules = std::make_shared<QueueRules>();
  rules->conflation_key = message.conflation_key();
  if (message.ttl_ms() > 0) rules->expires = sent + absl::Milliseconds(message.ttl_ms());
  return rules;
}

internal::v1::GroupSince GroupSinceOf(const std::string& group, const EventNumber& since) {
  internal::v1::GroupSince message;
  message.set_group(group);
  if (since.sequence != 0) message.set_number(since.ToString());
  return message;
}

}  // namespace

std::string EncodeEnvelope(internal::v1::Envelope envelope) {
  envelope.set_version(kVersion);
  if (envelope.event().metadata_match_size() < 2) return envelope.SerializeAsString();
  // A request that comes again under its request_id must be the same bytes.
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  envelope.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
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

void AppendOrigin(std::string& payload, const std::string& trace_id,
                  const std::string& request_id) {
  if (trace_id.empty() && request_id.empty()) return;
  internal::v1::Envelope origin;
  origin.set_trace_id(trace_id);
  origin.set_request_id(request_id);
  origin.AppendToString(&payload);
}

std::string EncodeRecordChange(const Record& record, const std::vector<std::string>& joined,
                               std::string_view replica_id) {
  internal::v1::Envelope envelope;
  envelope.set_ack_to(std::string(replica_id));
  internal::v1::RecordMessage& message = *envelope.mutable_record();
  FillRecordMessage(record, message);
  message.mutable_joined()->Add(joined.begin(), joined.end());
  return EncodeEnvelope(std::move(envelope));
}

std::string EncodeRecordDeletion(std::string_view replica_id) {
  internal::v1::Envelope envelope;
  envelope.set_ack_to(std::string(replica_id));
  envelope.mutable_record()->set_deleted(true);
  return EncodeEnvelope(std::move(envelope));
}

void FillRecordMessage(const Record& record, internal::v1::RecordMessage& message) {
  *message.mutable_metadata() = record.metadata;
  message.set_version(record.version);
  for (const auto& [group, since] : record.groups) {
    *message.add_groups() = GroupSinceOf(group, since);
  }
  for (const auto& [group, since] : record.left) *message.add_left() = GroupSinceOf(group, since);
}

std::shared_ptr<const Record> DecodeRecord(const internal::v1::RecordMessage& message,
                                           const EventNumber& number) {
  if (message.deleted()) return nullptr;
  auto record = std::make_shared<Record>();
  record->metadata = message.metadata();
  record->version = message.version();
  const auto read = [](const internal::v1::GroupSince& since) {
    return EventNumber::Parse(since.number()).value_or(EventNumber());
  };
  for (const auto& since : message.groups()) record->groups[since.group()] = read(since);
  for (const auto& since : message.left()) record->left[since.group()] = read(since);
  SetNumber(*record, number);
  return record;
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

absl::Duration AgeOf(const EventNumber& number, std::uint64_t time_us) {
  // Numbers run ahead of a clock that was put back.
  if (number.sequence >= time_us) return absl::ZeroDuration();
  return absl::Microseconds(static_cast<std::int64_t>(time_us - number.sequence));
}

absl::StatusOr<OrderedEvent> DecodeEvent(const internal::v1::EventMessage& message,
                                         const EventNumber& number, IdRule rule,
                                         absl::Duration sent) {
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
  event.rules = RulesOf(message, sent);
  event.bytes = std::make_shared<const std::string>(EncodeEvent(fields));
  event.filter = FilterOf(message);
  event.number = number;
  event.is_resumable = is_resumable;
  return event;
}

}  // namespace sluice

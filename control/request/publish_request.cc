#include "control/request/publish_request.h"

#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>

#include <utility>

#include "control/message/envelope.h"
#include "control/request/duration_field.h"
#include "control/request/error_reason.h"
#include "control/request/page_token.h"
#include "edge/base/check.h"
#include "edge/names/connection_id.h"
#include "edge/names/text_rules.h"
#include "edge/sse/event_rules.h"

namespace sluice {
namespace {

constexpr std::size_t kExceptClientIdsMax = 1000;
constexpr std::size_t kRequestIdBytesMax = 64;
constexpr std::size_t kConflationKeyBytesMax = 256;
// Far more than anything is kept.
constexpr absl::Duration kTtlMax = absl::Hours(24 * 365);

// A publish by the fast path is the same as by the unary RPC.
const char* KindName(Target::Kind kind) {
  switch (kind) {
    case Target::Kind::kAll:
      return "all";
    case Target::Kind::kClient:
      return "client";
    case Target::Kind::kGroup:
      return "group";
  }
  SLUICE_CHECK(false);
}

absl::Status CheckTtl(absl::Duration ttl) {
  if (ttl >= absl::Milliseconds(1) && ttl <= kTtlMax) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("is ", absl::FormatDuration(ttl),
                                                 "; expected 1 ms to 365 days, or leave it out"));
}

// What all requests that publish have in common.
class Reader {
 public:
  void ReadEvent(bool is_set, const v1::Event& event) {
    if (!is_set)
      return violations_.Add("event", "is missing; expected an event, if only with data");
    violations_.Add("event.event", CheckEventName(event.event()));
    violations_.Add("event.data", CheckEventData(event.data()));
    violations_.Add("event.id", CheckEventId(event.id()));
    message_.set_name(event.event());
    message_.set_data(event.data());
    message_.set_custom_id(event.id());
    if (event.has_retry()) {
      message_.set_retry_ms(absl::ToInt64Milliseconds(
          ReadDuration("event.retry", event.retry(), violations_, CheckReconnectionTime)));
    }
    command_.custom_id = event.id();
  }

  void ReadOptions(const v1::DeliveryOptions& options, v1::Confirmation unspecified) {
    if (!v1::Confirmation_IsValid(options.confirmation())) {
      violations_.Add("options.confirmation", "is no Confirmation that this server knows");
    }
    const v1::Confirmation confirmation = options.confirmation() == v1::CONFIRMATION_UNSPECIFIED
                                              ? unspecified
                                              : options.confirmation();
    command_.is_confirmed = confirmation == v1::CONFIRMATION_QUEUED;
    message_.set_ephemeral(message_.ephemeral() || options.ephemeral());
    if (options.has_ttl()) {
      message_.set_ttl_ms(absl::ToInt64Milliseconds(
          ReadDuration("options.ttl", options.ttl(), violations_, CheckTtl)));
    }
    violations_.AddIfTooLong("options.conflation_key", options.conflation_key().size(),
                             kConflationKeyBytesMax);
    message_.set_conflation_key(options.conflation_key());
    violations_.AddIfTooMany("options.metadata_match", options.metadata_match().size(),
                             kMetadataMatchesMax);
    *message_.mutable_metadata_match() = options.metadata_match();
    const auto except_count = static_cast<std::size_t>(options.except_client_ids_size());
    if (violations_.AddIfTooMany("options.except_client_ids", except_count, kExceptClientIdsMax)) {
      return;
    }
    for (int i = 0; i < options.except_client_ids_size(); ++i) {
      violations_.Add(absl::StrCat("options.except_client_ids[", i, "]"),
                      CheckName(options.except_client_ids(i)));
    }
    *message_.mutable_except_client_ids() = options.except_client_ids();
  }

  void ReadTarget(Target::Kind kind, std::string_view field, const std::string& name) {
    if (kind != Target::Kind::kAll) violations_.Add(field, CheckName(name));
    command_.target = {kind, name};
  }

  void ReadConnectionFilters(const v1::SendToClientRequest& request) {
    if (!request.group().empty()) violations_.Add("group", CheckName(request.group()));
    message_.set_group(request.group());
    if (request.connection_id().empty()) return;
    violations_.Add("connection_id", CheckConnectionId(request.connection_id()));
    message_.set_connection_id(request.connection_id());
    // A connection never comes back, so there is nobody to keep it for.
    message_.set_ephemeral(true);
  }

  void ReadRequestId(const std::string& request_id) {
    if (request_id.empty()) return;
    absl::Status status = CheckName(request_id);
    if (status.ok() && request_id.size() > kRequestIdBytesMax) {
      status = absl::InvalidArgumentError(absl::StrCat(
          "is ", request_id.size(), " bytes long; at most ", kRequestIdBytesMax, " are allowed"));
    }
    violations_.Add("request_id", status);
    request_id_ = request_id;
  }

  Violations& violations() { return violations_; }

  absl::StatusOr<PublishCommand> Finish() {
    const absl::Status status = violations_.ToStatus();
    if (!status.ok()) return status;
    command_.is_kept = !message_.ephemeral();
    command_.payload = EncodeEnvelope(std::move(message_));
    if (!request_id_.empty()) command_.claim = ClaimOf(request_id_);
    command_.request_id = request_id_;
    return std::move(command_);
  }

 private:
  Backplane::Claim ClaimOf(const std::string& request_id) const {
    const std::string asked =
        absl::StrCat(command_.target.name, "\n", command_.is_confirmed, "\n", command_.payload);
    return {absl::StrCat(KindName(command_.target.kind), ":", request_id),
            absl::StrCat(absl::Hex(StableHash(asked)))};
  }

  Violations violations_;
  PublishCommand command_;
  internal::v1::EventMessage message_;
  std::string request_id_;
};

}  // namespace

absl::StatusOr<PublishCommand> ReadRequest(const v1::SendToClientRequest& request) {
  Reader reader;
  reader.ReadTarget(Target::Kind::kClient, "client_id", request.client_id());
  reader.ReadEvent(request.has_event(), request.event());
  reader.ReadConnectionFilters(request);
  reader.ReadOptions(request.options(), v1::CONFIRMATION_QUEUED);
  reader.ReadRequestId(request.request_id());
  return reader.Finish();
}

absl::StatusOr<PublishCommand> ReadRequest(const v1::SendToGroupRequest& request) {
  Reader reader;
  reader.ReadTarget(Target::Kind::kGroup, "group", request.group());
  reader.ReadEvent(request.has_event(), request.event());
  reader.ReadOptions(request.options(), v1::CONFIRMATION_QUEUED);
  reader.ReadRequestId(request.request_id());
  return reader.Finish();
}

absl::StatusOr<PublishCommand> ReadRequest(const v1::BroadcastRequest& request) {
  Reader reader;
  reader.ReadTarget(Target::Kind::kAll, "", "");
  reader.ReadEvent(request.has_event(), request.event());
  reader.ReadOptions(request.options(), v1::CONFIRMATION_QUEUED);
  reader.ReadRequestId(request.request_id());
  return reader.Finish();
}

absl::StatusOr<PublishCommand> ReadRequest(const v1::PublishRequest& request) {
  Reader reader;
  switch (request.target_case()) {
    case v1::PublishRequest::kClientId:
      reader.ReadTarget(Target::Kind::kClient, "client_id", request.client_id());
      break;
    case v1::PublishRequest::kGroup:
      reader.ReadTarget(Target::Kind::kGroup, "group", request.group());
      break;
    case v1::PublishRequest::kBroadcast:
      if (!request.broadcast()) reader.violations().Add("broadcast", "is false; expected true");
      reader.ReadTarget(Target::Kind::kAll, "", "");
      break;
    case v1::PublishRequest::TARGET_NOT_SET:
      reader.violations().Add("target", "is missing; expected client_id, group or broadcast");
      break;
  }
  reader.ReadEvent(request.has_event(), request.event());
  reader.ReadOptions(request.options(), v1::CONFIRMATION_PUBLISHED);
  reader.ReadRequestId(request.request_id());
  return reader.Finish();
}

void ScopeClaim(std::string_view caller_id, PublishCommand& command) {
  if (!command.claim.has_value() || caller_id.empty()) return;
  // Encoded, so that no id can be written like another one with a part of the key.
  const std::string encoded =
      absl::WebSafeBase64Escape(absl::string_view(caller_id.data(), caller_id.size()));
  command.claim->key = absl::StrCat(encoded, "/", command.claim->key);
}

}  // namespace sluice

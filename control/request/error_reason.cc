#include "control/request/error_reason.h"

#include <absl/strings/cord.h>
#include <absl/strings/str_cat.h>

#include <map>
#include <utility>

#include "edge/names/text_rules.h"

namespace sluice {
namespace {

constexpr char kTypePrefix[] = "type.googleapis.com/";
constexpr char kDomain[] = "sluice";
// When callers shall try again after the backplane was away; it is tried about as often.
constexpr absl::Duration kRetryAfter = absl::Seconds(1);

template <typename Message>
std::string TypeUrl() {
  return absl::StrCat(kTypePrefix, Message::descriptor()->full_name());
}

}  // namespace

absl::Status WithReason(absl::Status status, std::string_view reason) {
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(reason));
  info.set_domain(kDomain);
  status.SetPayload(TypeUrl<google::rpc::ErrorInfo>(), absl::Cord(info.SerializeAsString()));
  return status;
}

namespace {

absl::Status WithRetry(absl::Status status, absl::Duration after) {
  google::rpc::RetryInfo retry;
  absl::Duration rest;
  retry.mutable_retry_delay()->set_seconds(absl::IDivDuration(after, absl::Seconds(1), &rest));
  retry.mutable_retry_delay()->set_nanos(static_cast<int>(absl::ToInt64Nanoseconds(rest)));
  status.SetPayload(TypeUrl<google::rpc::RetryInfo>(), absl::Cord(retry.SerializeAsString()));
  return status;
}

absl::Status Unavailable(std::string_view why, std::string_view reason) {
  return WithReason(
      WithRetry(absl::UnavailableError(absl::string_view(why.data(), why.size())), kRetryAfter),
      reason);
}

}  // namespace

absl::Status NotSent(std::string_view why) {
  return Unavailable(why, "NOT_SENT");
}

absl::Status OutcomeUnknown(std::string_view why) {
  return Unavailable(why, "OUTCOME_UNKNOWN");
}

absl::Status TooFast(double per_second_max, absl::Duration wait) {
  return WithReason(WithRetry(absl::ResourceExhaustedError(absl::StrCat(
                                  "this caller may publish ", per_second_max, " events a second")),
                              wait),
                    "PUBLISH_RATE");
}

absl::Status TooManyBlocked(int count_max) {
  return WithReason(absl::ResourceExhaustedError(absl::StrCat(
                        "already ", count_max, " clients are blocked; wait until some are not")),
                    "TOO_MANY_BLOCKED");
}

void Violations::Add(std::string_view field, const absl::Status& status) {
  if (!status.ok()) Add(field, std::string_view(status.message().data(), status.message().size()));
}

void Violations::Add(std::string_view field, std::string_view description) {
  if (++count_ > kViolationsMax) return;
  auto& violation = *bad_request_.add_field_violations();
  std::string name(field.substr(0, kFieldBytesMax));
  // The cut may have gone through a character, which protobuf would not take.
  while (!IsValidUtf8(name)) name.pop_back();
  violation.set_field(std::move(name));
  violation.set_description(std::string(description));
}

bool Violations::AddIfTooMany(std::string_view field, std::size_t count, std::size_t count_max) {
  if (count <= count_max) return false;
  Add(field, absl::StrCat("has ", count, " entries; at most ", count_max, " are allowed"));
  return true;
}

bool Violations::AddIfTooLong(std::string_view field, std::size_t bytes, std::size_t bytes_max) {
  if (bytes <= bytes_max) return false;
  Add(field, absl::StrCat("is ", bytes, " bytes long; at most ", bytes_max, " are allowed"));
  return true;
}

absl::Status Violations::ToStatus() const {
  if (empty()) return absl::OkStatus();
  std::string message;
  for (const auto& violation : bad_request_.field_violations()) {
    absl::StrAppend(&message, message.empty() ? "" : "; ", "`", violation.field(), "` ",
                    violation.description());
  }
  if (count_ > kViolationsMax) {
    absl::StrAppend(&message, "; and ", count_ - kViolationsMax, " more");
  }
  absl::Status status = absl::InvalidArgumentError(message);
  status.SetPayload(TypeUrl<google::rpc::BadRequest>(),
                    absl::Cord(bad_request_.SerializeAsString()));
  return WithReason(std::move(status), "INVALID_ARGUMENT");
}

google::rpc::Status ToRpcStatus(const absl::Status& status) {
  const std::string info_url = TypeUrl<google::rpc::ErrorInfo>();
  if (!status.GetPayload(info_url).has_value()) {
    const std::string code = absl::StatusCodeToString(status.code());
    return ToRpcStatus(WithReason(status, std::string_view(code)));
  }
  google::rpc::Status rpc_status;
  rpc_status.set_code(static_cast<int>(status.code()));
  rpc_status.set_message(std::string(status.message()));
  // Sorted, because Abseil gives payloads in an order that differs from status to status.
  std::map<std::string, std::string> details;
  status.ForEachPayload([&details](absl::string_view type_url, const absl::Cord& payload) {
    details.emplace(std::string(type_url), std::string(payload));
  });
  for (const auto& [type_url, value] : details) {
    auto& detail = *rpc_status.add_details();
    detail.set_type_url(type_url);
    detail.set_value(value);
  }
  return rpc_status;
}

}  // namespace sluice

#include "control/request/client_request.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>

#include "control/request/duration_field.h"
#include "control/request/error_reason.h"
#include "control/request/page_token.h"
#include "edge/names/connection_id.h"
#include "edge/names/text_rules.h"
#include "edge/sse/event_rules.h"

namespace sluice {
namespace {

constexpr int kPageSizeDefault = 100;
constexpr int kPageSizeMax = 1000;
constexpr std::size_t kReasonBytesMax = 256;
constexpr absl::Duration kBlockMin = absl::Milliseconds(1);
constexpr absl::Duration kBlockMax = absl::Hours(30 * 24);

// True if JSON has such a value, so that callers' libraries can write it.
bool IsJson(const google::protobuf::Value& value) {
  using google::protobuf::Value;
  switch (value.kind_case()) {
    case Value::kNumberValue:
      return std::isfinite(value.number_value());
    case Value::kStructValue:
      return std::all_of(value.struct_value().fields().begin(), value.struct_value().fields().end(),
                         [](const auto& field) { return IsJson(field.second); });
    case Value::kListValue:
      return std::all_of(value.list_value().values().begin(), value.list_value().values().end(),
                         IsJson);
    case Value::KIND_NOT_SET:
      return false;
    default:
      return true;
  }
}

absl::Status CheckClientId(const std::string& client_id) {
  Violations violations;
  violations.Add("client_id", CheckName(client_id));
  return violations.ToStatus();
}

absl::Status CheckBlockTime(absl::Duration time) {
  if (time >= kBlockMin && time <= kBlockMax) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("is ", absl::FormatDuration(time), "; expected 1 ms to 30 days"));
}

// What JoinGroups and LeaveGroups have in common.
template <typename Request>
absl::StatusOr<GroupsCommand> ReadGroupsRequest(const Request& request) {
  Violations violations;
  violations.Add("client_id", CheckName(request.client_id()));
  if (request.groups().empty()) {
    violations.Add("groups", "is empty; expected the names of 1 to 64 groups");
  }
  violations.AddIfTooMany("groups", static_cast<std::size_t>(request.groups_size()), kGroupsMax);
  for (int i = 0; i < request.groups_size(); ++i) {
    violations.Add(absl::StrCat("groups[", i, "]"), CheckName(request.groups(i)));
  }
  if (!request.connection_id().empty()) {
    violations.Add("connection_id", CheckConnectionId(request.connection_id()));
  }
  const absl::Status status = violations.ToStatus();
  if (!status.ok()) return status;
  GroupsCommand command;
  command.client_id = request.client_id();
  command.connection_id = request.connection_id();
  command.allow_missing = request.allow_missing();
  return command;
}

std::size_t ReadPageSize(int page_size, Violations& violations) {
  if (page_size < 0) violations.Add("page_size", "is negative; expected 0 (100) to 1000");
  return static_cast<std::size_t>(
      std::min(page_size == 0 ? kPageSizeDefault : page_size, kPageSizeMax));
}

// What lists and watches have in common.
template <typename Request>
void CheckFilter(const Request& request, Violations& violations) {
  violations.Add("client_id_prefix", CheckNamePrefix(request.client_id_prefix()));
  if (!request.group().empty()) violations.Add("group", CheckName(request.group()));
  violations.AddIfTooMany("metadata_match", request.metadata_match().size(), kMetadataMatchesMax);
}

}  // namespace

absl::StatusOr<WatchQuery> ReadRequest(const v1::WatchClientsRequest& request) {
  Violations violations;
  CheckFilter(request, violations);
  const absl::Status status = violations.ToStatus();
  if (!status.ok()) return status;
  return WatchQuery{request.client_id_prefix(), request.group(), request.metadata_match()};
}

absl::Status CheckRequest(const v1::GetClientRequest& request) {
  return CheckClientId(request.client_id());
}

absl::Status CheckRequest(const v1::DeleteClientRequest& request) {
  return CheckClientId(request.client_id());
}

absl::StatusOr<GroupsCommand> ReadRequest(const v1::JoinGroupsRequest& request) {
  auto command = ReadGroupsRequest(request);
  if (command.ok()) command->join.assign(request.groups().begin(), request.groups().end());
  return command;
}

absl::StatusOr<GroupsCommand> ReadRequest(const v1::LeaveGroupsRequest& request) {
  auto command = ReadGroupsRequest(request);
  if (command.ok()) command->leave.assign(request.groups().begin(), request.groups().end());
  return command;
}

absl::StatusOr<DisconnectCommand> ReadRequest(const v1::DisconnectClientRequest& request) {
  Violations violations;
  DisconnectCommand command;
  violations.Add("client_id", CheckName(request.client_id()));
  if (!request.connection_id().empty()) {
    violations.Add("connection_id", CheckConnectionId(request.connection_id()));
  }
  violations.AddIfTooLong("reason", request.reason().size(), kReasonBytesMax);
  if (request.has_reconnect_after()) {
    command.dismissal.reconnect_after = ReadDuration("reconnect_after", request.reconnect_after(),
                                                     violations, CheckReconnectionTime);
  }
  if (request.has_block_for()) {
    command.block_for = ReadDuration("block_for", request.block_for(), violations, CheckBlockTime);
    if (!request.connection_id().empty()) {
      violations.Add("block_for",
                     "is set with a connection_id; expected one of them, a block is of a client");
    }
  }
  command.client_id = request.client_id();
  command.connection_id = request.connection_id();
  command.dismissal.message = request.reason();
  const absl::Status status = violations.ToStatus();
  if (!status.ok()) return status;
  return command;
}

absl::StatusOr<RecordChange> ReadRequest(const v1::SetClientMetadataRequest& request) {
  Violations violations;
  violations.Add("client_id", CheckName(request.client_id()));
  if (request.has_expected_version() && request.expected_version() < 0) {
    violations.Add("expected_version", "is negative; expected 0 (no record) or a record's version");
  }
  for (const auto& [key, value] : request.metadata().fields()) {
    if (IsJson(value)) continue;
    violations.Add("metadata." + key,
                   "holds a number that is not finite or a value without a kind, which JSON lacks");
  }
  RecordChange::Metadata change;
  change.set = request.metadata();
  change.replaces_all = request.replace_all();
  if (request.has_expected_version()) change.expected_version = request.expected_version();
  for (int i = 0; i < request.remove_keys_size(); ++i) {
    const std::string& key = request.remove_keys(i);
    if (request.metadata().fields().contains(key)) {
      violations.Add(absl::StrCat("remove_keys[", i, "]"),
                     "is also set by `metadata`; expected one of the two");
    }
    change.remove_keys.push_back(key);
  }
  const absl::Status status = violations.ToStatus();
  if (!status.ok()) return status;
  return RecordChange{std::move(change), {}, {}};
}

std::uint64_t FilterHash(const v1::ListClientsRequest& request) {
  // Lengths go in too, so that no two filters are written the same.
  std::string text;
  const auto append = [&text](const std::string& part) {
    absl::StrAppend(&text, part.size(), ":", part, ";");
  };
  append(request.client_id_prefix());
  append(request.group());
  const std::map<std::string, std::string> match(request.metadata_match().begin(),
                                                 request.metadata_match().end());
  for (const auto& [key, value] : match) {
    append(key);
    append(value);
  }
  return StableHash(text);
}

absl::StatusOr<ClientQuery> ReadRequest(const v1::ListClientsRequest& request) {
  Violations violations;
  const std::size_t page_size = ReadPageSize(request.page_size(), violations);
  CheckFilter(request, violations);
  if (!v1::ClientView_IsValid(request.view())) {
    violations.Add("view", "is no ClientView that this server knows");
  }
  ClientQuery query;
  if (!request.page_token().empty()) {
    auto last_id = DecodePageToken(request.page_token(), FilterHash(request));
    violations.Add("page_token", last_id.status());
    if (last_id.ok()) query.after = *std::move(last_id);
  }
  const absl::Status status = violations.ToStatus();
  if (!status.ok()) return status;
  query.page_size = page_size;
  query.prefix = request.client_id_prefix();
  query.group = request.group();
  query.metadata_match.insert(request.metadata_match().begin(), request.metadata_match().end());
  query.is_full = request.view() == v1::CLIENT_VIEW_FULL;
  return query;
}

std::uint64_t FilterHash(const v1::ListGroupsRequest& request) {
  return StableHash("groups:" + request.prefix());
}

absl::StatusOr<GroupQuery> ReadRequest(const v1::ListGroupsRequest& request) {
  Violations violations;
  GroupQuery query;
  query.page_size = ReadPageSize(request.page_size(), violations);
  violations.Add("prefix", CheckNamePrefix(request.prefix()));
  if (!request.page_token().empty()) {
    auto last_name = DecodePageToken(request.page_token(), FilterHash(request));
    violations.Add("page_token", last_name.status());
    if (last_name.ok()) query.after = *std::move(last_name);
  }
  query.prefix = request.prefix();
  const absl::Status status = violations.ToStatus();
  if (!status.ok()) return status;
  return query;
}

}  // namespace sluice

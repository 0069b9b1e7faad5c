#include "control/caller/reach/request_reach.h"

#include <algorithm>
#include <string>

namespace sluice {
namespace {

using Groups = google::protobuf::RepeatedPtrField<std::string>;

void KeepGroups(const Caller& caller, Groups& groups) {
  const auto kept = std::remove_if(groups.begin(), groups.end(), [&caller](const auto& group) {
    return !caller.ReachesGroup(group);
  });
  groups.erase(kept, groups.end());
}

absl::Status CheckReachOfAll(const Caller& caller, const std::string& client_id,
                             const Groups& groups) {
  absl::Status status = CheckClientReach(caller, client_id);
  for (const std::string& group : groups) {
    if (status.ok()) status = CheckGroupReach(caller, group);
  }
  return status;
}

}  // namespace

absl::Status CheckReach(const Caller& caller, const v1::DeleteClientRequest& request) {
  return CheckClientReach(caller, request.client_id());
}

absl::Status CheckReach(const Caller& caller, const v1::DisconnectClientRequest& request) {
  return CheckClientReach(caller, request.client_id());
}

absl::Status CheckReach(const Caller& caller, const v1::JoinGroupsRequest& request) {
  return CheckReachOfAll(caller, request.client_id(), request.groups());
}

absl::Status CheckReach(const Caller& caller, const v1::LeaveGroupsRequest& request) {
  return CheckReachOfAll(caller, request.client_id(), request.groups());
}

absl::Status CheckReach(const Caller&, const v1::ListGroupsRequest&) {
  return absl::OkStatus();
}

absl::Status CheckReach(const Caller& caller, const v1::SendToClientRequest& request) {
  const absl::Status status = CheckClientReach(caller, request.client_id());
  if (!status.ok() || request.group().empty()) return status;
  // Else the answer would tell whether a client is in any group.
  return CheckGroupReach(caller, request.group());
}

absl::Status CheckReach(const Caller& caller, const v1::SendToGroupRequest& request) {
  return CheckGroupReach(caller, request.group());
}

absl::Status CheckReach(const Caller& caller, const v1::BroadcastRequest&) {
  return CheckReachesAll(caller);
}

absl::Status CheckReach(const Caller& caller, const v1::PublishRequest& request) {
  switch (request.target_case()) {
    case v1::PublishRequest::kClientId:
      return CheckClientReach(caller, request.client_id());
    case v1::PublishRequest::kGroup:
      return CheckGroupReach(caller, request.group());
    case v1::PublishRequest::kBroadcast:
    case v1::PublishRequest::TARGET_NOT_SET:
      break;
  }
  return CheckReachesAll(caller);
}

absl::Status CheckReach(const Caller& caller, const v1::SetClientMetadataRequest& request) {
  return CheckClientReach(caller, request.client_id());
}

absl::Status CheckReach(const Caller& caller, const v1::GetClientRequest& request) {
  return CheckClientReach(caller, request.client_id());
}

absl::Status CheckReach(const Caller& caller, const v1::ListReplicasRequest&) {
  return CheckReachesAll(caller);
}

absl::Status CheckReach(const Caller& caller, const v1::ListHistoryRequest& request) {
  switch (request.target_case()) {
    case v1::ListHistoryRequest::kClientId:
      return CheckClientReach(caller, request.client_id());
    case v1::ListHistoryRequest::kGroup:
      return CheckGroupReach(caller, request.group());
    case v1::ListHistoryRequest::kBroadcast:
    case v1::ListHistoryRequest::TARGET_NOT_SET:
      break;
  }
  return CheckReachesAll(caller);
}

absl::Status CheckReach(const Caller& caller, const v1::ListClientsRequest& request) {
  if (request.group().empty()) return absl::OkStatus();
  return CheckGroupReach(caller, request.group());
}

absl::Status CheckReach(const Caller& caller, const v1::WatchClientsRequest& request) {
  if (request.group().empty()) return absl::OkStatus();
  return CheckGroupReach(caller, request.group());
}

void KeepWithinReach(const Caller& caller, v1::Client& client) {
  if (!caller.is_narrowed()) return;
  KeepGroups(caller, *client.mutable_groups());
  for (v1::Connection& connection : *client.mutable_connections()) {
    KeepGroups(caller, *connection.mutable_groups());
  }
}

}  // namespace sluice

#pragma once

#include <absl/status/status.h>
#include <sluice/v1/control_service.pb.h>

#include "control/caller/caller.h"

namespace sluice {

// Whether what a request names is within the caller's reach. PERMISSION_DENIED otherwise.
absl::Status CheckReach(const Caller& caller, const v1::SendToClientRequest& request);
absl::Status CheckReach(const Caller& caller, const v1::SendToGroupRequest& request);
absl::Status CheckReach(const Caller& caller, const v1::BroadcastRequest& request);
absl::Status CheckReach(const Caller& caller, const v1::PublishRequest& request);
absl::Status CheckReach(const Caller& caller, const v1::SetClientMetadataRequest& request);
absl::Status CheckReach(const Caller& caller, const v1::GetClientRequest& request);
absl::Status CheckReach(const Caller& caller, const v1::ListReplicasRequest& request);
absl::Status CheckReach(const Caller& caller, const v1::ListHistoryRequest& request);
absl::Status CheckReach(const Caller& caller, const v1::DeleteClientRequest& request);
absl::Status CheckReach(const Caller& caller, const v1::DisconnectClientRequest& request);
absl::Status CheckReach(const Caller& caller, const v1::JoinGroupsRequest& request);
absl::Status CheckReach(const Caller& caller, const v1::LeaveGroupsRequest& request);
// Which groups a list holds, ListWithinReach sees to.
absl::Status CheckReach(const Caller& caller, const v1::ListGroupsRequest& request);
// The group alone: which clients a list holds, ListWithinReach sees to.
absl::Status CheckReach(const Caller& caller, const v1::ListClientsRequest& request);
// The same: which clients are told of, the watch sees to.
absl::Status CheckReach(const Caller& caller, const v1::WatchClientsRequest& request);

// Takes away the groups that the caller does not reach.
void KeepWithinReach(const Caller& caller, v1::Client& client);

}  // namespace sluice

#pragma once

#include <absl/status/statusor.h>
#include <sluice/v1/control_service.pb.h>

#include <cstdint>

#include "control/backplane/record.h"
#include "control/presence/client_changes.h"
#include "control/presence/client_page.h"
#include "control/presence/watch/watcher.h"

namespace sluice {

// Check requests about clients, and make of them what the cluster takes.
// Errors: INVALID_ARGUMENT with every field that is wrong.
absl::StatusOr<RecordChange> ReadRequest(const v1::SetClientMetadataRequest& request);
absl::StatusOr<ClientQuery> ReadRequest(const v1::ListClientsRequest& request);
absl::StatusOr<WatchQuery> ReadRequest(const v1::WatchClientsRequest& request);
absl::StatusOr<GroupsCommand> ReadRequest(const v1::JoinGroupsRequest& request);
absl::StatusOr<GroupsCommand> ReadRequest(const v1::LeaveGroupsRequest& request);
absl::StatusOr<DisconnectCommand> ReadRequest(const v1::DisconnectClientRequest& request);
absl::StatusOr<GroupQuery> ReadRequest(const v1::ListGroupsRequest& request);
absl::Status CheckRequest(const v1::GetClientRequest& request);
absl::Status CheckRequest(const v1::DeleteClientRequest& request);

// For the page tokens of these lists.
std::uint64_t FilterHash(const v1::ListClientsRequest& request);
std::uint64_t FilterHash(const v1::ListGroupsRequest& request);

}  // namespace sluice

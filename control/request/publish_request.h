#pragma once

#include <absl/status/statusor.h>
#include <sluice/v1/control_service.pb.h>

#include <string_view>

#include "control/publish/publish_command.h"

namespace sluice {

// Check requests that publish, and make of them what the cluster takes.
// Errors: INVALID_ARGUMENT with every field that is wrong.
absl::StatusOr<PublishCommand> ReadRequest(const v1::SendToClientRequest& request);
absl::StatusOr<PublishCommand> ReadRequest(const v1::SendToGroupRequest& request);
absl::StatusOr<PublishCommand> ReadRequest(const v1::BroadcastRequest& request);
absl::StatusOr<PublishCommand> ReadRequest(const v1::PublishRequest& request);

// Makes the command's request_id one of this caller alone; `caller_id` empty: of everybody.
void ScopeClaim(std::string_view caller_id, PublishCommand& command);

}  // namespace sluice

#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <grpcpp/server_context.h>

#include <string>

#include "control/caller/caller.h"
#include "control/caller/caller_door.h"

namespace sluice {

// What a handler knows of a call besides its request.
struct Call {
  absl::Time deadline;
  CallerPointer caller;
  std::string trace_id;  // Empty: none.
};

// Who makes this call. `door` null: callers are not asked, and may do everything. Errors as of
// CallerDoor::Admit, and PERMISSION_DENIED if the scope is missing.
absl::StatusOr<CallerPointer> AdmitCall(const CallerDoor* door, Scope scope,
                                        const grpc::ServerContext& context);

}  // namespace sluice

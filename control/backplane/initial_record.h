#pragma once

#include <absl/functional/any_invocable.h>
#include <absl/status/statusor.h>

#include <memory>
#include <string>

#include "control/backplane/backplane.h"

namespace sluice {

// Reads the record of a client that connects. If there is none, and `metadata` (a JSON object, from
// what let the client in) is not empty, begins one with it: what services have set since lives past
// a reconnect, so a record that exists stays as it is. Calls back as Backplane::ReadRecord does.
// Thread: the cluster thread. `backplane` outlives the callback.
void ReadOrBeginRecord(
    Backplane& backplane, const std::string& client_id, const std::string& metadata,
    absl::AnyInvocable<void(absl::StatusOr<std::shared_ptr<const Record>>)> done);

}  // namespace sluice

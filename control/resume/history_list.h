#pragma once

#include <absl/functional/any_invocable.h>
#include <absl/status/statusor.h>
#include <sluice/v1/control_service.pb.h>

#include <cstdint>
#include <string>

#include "control/backplane/backplane.h"

namespace sluice {

// Which part of a channel's history is asked for.
struct HistoryListQuery {
  std::string channel;
  std::uint64_t after = 0;  // The sequence number that the page before ended with.
  int page_size = 0;
};

// Checks the request. Errors: INVALID_ARGUMENT with every field that is wrong.
absl::StatusOr<HistoryListQuery> ReadRequest(const v1::ListHistoryRequest& request);

// Reads what is kept, oldest first. Errors: UNAVAILABLE.
// Thread: the cluster thread.
// Limits: page_size events, and 2 MiB of them.
void ListHistory(Backplane& backplane, const HistoryListQuery& query,
                 absl::AnyInvocable<void(absl::StatusOr<v1::ListHistoryResponse>)> done);

}  // namespace sluice

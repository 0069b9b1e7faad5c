#pragma once

#include <absl/functional/any_invocable.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <sluice/v1/event.pb.h>

#include <optional>
#include <string>

#include "control/backplane/backplane.h"
#include "edge/fan_out/audience_index.h"

namespace sluice {

// One event on its way into the cluster.
struct PublishCommand {
  Target target;
  std::string payload;    // EncodeEnvelope's.
  std::string custom_id;  // Empty: the answer's event id is the number.
  bool is_confirmed = true;
  bool is_kept = true;                    // For streams that come back; false when it is ephemeral.
  std::optional<Backplane::Claim> claim;  // Of its request_id.
  absl::Time deadline = absl::InfiniteFuture();  // The caller's.
  // For logs; empty: there is none.
  std::string trace_id;
  std::string request_id;
};

using PublishDone = absl::AnyInvocable<void(absl::StatusOr<v1::Delivery>)>;

}  // namespace sluice

#pragma once

#include <absl/status/statusor.h>

#include "edge/door/fetch/http_client.h"
#include "edge/door/stream_door.h"

namespace sluice {

// What a webhook's answer means: 2xx with {"client_id","groups","metadata","expires_in"}, each of
// which may be absent, lets the stream in; 4xx turns it away, with the body as the message.
// Anything else is no answer: UNAVAILABLE, which says why and repeats nothing of the body.
absl::StatusOr<DoorAnswer> ReadWebhookAnswer(const FetchAnswer& answer, absl::Time now);

}  // namespace sluice

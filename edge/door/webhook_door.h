#pragma once

#include <boost/asio/io_context.hpp>

#include <vector>

#include "edge/base/clock.h"
#include "edge/door/fetch/http_client.h"
#include "edge/door/stream_door.h"

namespace sluice {

// Asks --auth-url about each stream, with the browser's own headers (forward auth). When there is
// no answer nobody is let in.
// Owner:  the server. Destroyed when the thread of `io_context` has ended.
// Thread: any.
// Limits: 5 s and 64 KiB an answer, 256 calls under way; beyond them there is none.
class WebhookDoor : public StreamDoor {
 public:
  WebhookDoor(boost::asio::io_context& io_context, HttpUrl url, const Clock& clock);

  void Ask(const DoorRequest& asked, absl::AnyInvocable<void(DoorAnswer)> done) override;

 private:
  DoorAnswer Read(const absl::StatusOr<FetchAnswer>& answer);

  HttpClient client_;
  const Clock& clock_;
  // When a failure was last logged; of the thread of `io_context` alone.
  absl::Duration logged_ = -absl::InfiniteDuration();
};

// What the webhook is sent: the browser's headers but those that belong to its connection, and
// where it came from.
std::vector<HttpClient::Header> ForwardedHeaders(const DoorRequest& asked);

}  // namespace sluice

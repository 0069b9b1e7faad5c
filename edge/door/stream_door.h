#pragma once

#include <absl/functional/any_invocable.h>
#include <absl/time/time.h>
#include <boost/asio/ip/tcp.hpp>

#include <string>
#include <variant>
#include <vector>

#include "edge/http/stream_request.h"

namespace sluice {

// What a door looks at. Valid only during the call that gets it.
struct DoorRequest {
  const RequestHead& head;
  const StreamRequest& request;
  const boost::asio::ip::tcp::endpoint& remote_endpoint;  // The sender's, TrustedProxies says.
  // False: a page of another origin may have made the browser send them (MayUseCookies).
  bool may_use_cookies;
};

// The stream is let in, as this.
struct Admission {
  std::string client_id;            // Empty: the server makes one up.
  std::vector<std::string> groups;  // Sorted, each once, at most kGroupsMax.
  // A JSON object that the client's metadata begins with; empty: none.
  std::string metadata;
  absl::Time expires = absl::InfiniteFuture();
};

// It is not. `challenge`: the value of WWW-Authenticate (RFC 9110, 11.6.1); empty: none.
struct Denial {
  HttpError error;
  std::string challenge;
};

// Who may come in can't be told now; the browser shall come back later.
struct DoorStuck {};

using DoorAnswer = std::variant<Admission, Denial, DoorStuck>;

// Decides who may open a stream, and as whom.
// Thread: called on shards' threads, several at a time; `done` is called once, on any thread,
//         perhaps before Ask returns.
class StreamDoor {
 public:
  virtual ~StreamDoor() = default;

  virtual void Ask(const DoorRequest& asked, absl::AnyInvocable<void(DoorAnswer)> done) = 0;
};

}  // namespace sluice

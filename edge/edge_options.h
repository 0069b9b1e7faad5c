#pragma once

#include <absl/time/time.h>
#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <string>
#include <vector>

#include "edge/door/limits/stream_limits.h"
#include "edge/door/limits/trusted_proxies.h"
#include "edge/session/outbox.h"

namespace sluice {

// What the operator decides about streams. Every value has been checked.
struct EdgeOptions {
  boost::asio::ip::tcp::endpoint http;  // Port 0: any free one.
  int shards = 1;                       // 1 to 256 threads.
  std::string replica_id;
  absl::Duration heartbeat = absl::Seconds(15);
  // Not empty: heartbeats are events of this name instead of comments.
  std::string heartbeat_event;
  // The base of the reconnection time; each stream gets 50 to 150 % of it.
  absl::Duration reconnection_time = absl::Seconds(3);
  // How old a stream may become; each gets 80 to 100 % of it. Zero: any age.
  absl::Duration stream_age_max;
  std::size_t connections_max = 1000;
  // Connections that have not become streams yet, or are answered with none. Beyond it new ones
  // wait in the kernel, so that nobody can take the files that gRPC and the admin port need.
  std::size_t handshakes_max = 256;
  StreamLimits::Options limits;
  TrustedProxies trusted_proxies;
  // Names, in lower case, of request headers that callers are shown of a stream.
  std::vector<std::string> captured_headers;
  // How a stream over a limit is answered.
  enum class Overload { kRetry, k503 };
  Overload overload = Overload::kRetry;
  std::size_t outbox_bytes_max = std::size_t{1} << 20;
  SlowConsumer slow_consumer = SlowConsumer::kDisconnect;
  std::size_t outbox_total_bytes_max = std::size_t{1} << 30;
  absl::Duration write_timeout = absl::Seconds(20);
  std::vector<std::string> cors_origins;
};

}  // namespace sluice

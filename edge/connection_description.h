#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <string>
#include <vector>

#include "edge/http/captured_headers.h"
#include "edge/names/connection_id.h"

namespace sluice {

class Session;

// What a connection is doing now.
struct ConnectionDescription {
  ConnectionId id;
  absl::Time connect_time;
  std::string remote_address;
  std::string user_agent;
  std::vector<std::string> groups;  // Sorted.
  std::size_t queued_bytes = 0;
  std::uint64_t delivered = 0;
  CapturedHeaders headers;
};

// Thread: the session's shard.
ConnectionDescription Describe(Session& session);

}  // namespace sluice

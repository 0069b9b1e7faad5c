#pragma once

#include <absl/time/time.h>

#include <optional>
#include <string>
#include <vector>

#include "edge/names/connection_id.h"
#include "edge/sse/server_events.h"

namespace sluice {

// A stream that has been accepted and waits for its channels.
struct OpenedConnection {
  ConnectionId id;
  std::string client_id;
  // Sorted, each once.
  std::vector<std::string> groups;
  absl::Time connect_time;
  // Last-Event-ID, or the query's.
  std::optional<std::string> last_event_id;
  // A JSON object that the client's metadata begins with; empty: none.
  std::string metadata;
};

// Learns of streams as they come and go. Each opened one is closed once, later.
// Thread: called on shards' threads; a connection's calls all come from its own shard, in order.
class ConnectionObserver {
 public:
  virtual ~ConnectionObserver() = default;

  // Events reach the stream only behind the last page of Edge::Replay, which the observer calls
  // when the connection's channels are subscribed.
  virtual void OnConnectionOpened(OpenedConnection connection) = 0;

  virtual void OnConnectionClosed(ConnectionId id, EndReason reason) = 0;
};

}  // namespace sluice

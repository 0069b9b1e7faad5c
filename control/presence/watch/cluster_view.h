#pragma once

#include <absl/container/btree_map.h>
#include <absl/container/flat_hash_map.h>
#include <sluice/internal/v1/envelope.pb.h>
#include <sluice/v1/client.pb.h>

#include <functional>
#include <string>
#include <string_view>

#include "control/presence/watch/client_state.h"

namespace sluice {

// The connected clients of the whole cluster, as its replicas have told of them.
// Owner:  ClientWatches.
// Thread: the cluster thread.
// Limits: one entry a client and a connection of the cluster; empty while nobody watches.
class ClusterView {
 public:
  // What a change did to one client. Of the change that was a connection's: which one, and why it
  // ended.
  struct Change {
    const std::string& client_id;
    const ClientState& before;
    const ClientState& after;
    std::string connection_id;
    std::string replica_id;
    std::string reason;
  };
  using OnChange = std::function<void(const Change&)>;

  // What one replica holds.
  struct ReplicaClients {
    struct Connection {
      std::string client_id;
      std::shared_ptr<const v1::Connection> connection;
    };
    absl::btree_map<std::string, Connection> connections;  // By connection id.
    absl::btree_map<std::string, std::shared_ptr<const internal::v1::ClientRecord>> records;

    // Part of a list, or a change since. Both may be told twice, in order. `record_number`: as of
    // ClientRecord.
    void Add(const v1::Client& client, const std::string& record_number);
    void Apply(const internal::v1::PresenceChange& change);
  };

  // `on_change` is told of everything that changes, except by Clear.
  explicit ClusterView(OnChange on_change) : on_change_(std::move(on_change)) {}

  void Apply(const std::string& replica_id, const internal::v1::PresenceChange& change);

  // The replica holds this too.
  void Add(const std::string& replica_id, const ReplicaClients& clients);

  // It holds nothing else; why what it held besides has ended. Of several replicas all is added
  // first, so that no client that has moved between them seems gone.
  void KeepOnly(const std::string& replica_id, const ReplicaClients& clients,
                std::string_view gone_reason);

  void Clear() { clients_.clear(); }

  // Sorted by id.
  const absl::btree_map<std::string, ClientState>& clients() const { return clients_; }

 private:
  void SetConnection(const std::string& replica_id, const std::string& client_id,
                     std::shared_ptr<const v1::Connection> connection,
                     std::shared_ptr<const internal::v1::ClientRecord> record);
  void EndConnection(const std::string& replica_id, const std::string& client_id,
                     const std::string& connection_id, std::string_view reason);
  void SetRecord(const std::string& client_id,
                 std::shared_ptr<const internal::v1::ClientRecord> record);

  const OnChange on_change_;
  absl::btree_map<std::string, ClientState> clients_;
};

}  // namespace sluice

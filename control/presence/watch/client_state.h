#pragma once

#include <absl/container/btree_map.h>
#include <sluice/internal/v1/envelope.pb.h>
#include <sluice/v1/client.pb.h>

#include <memory>
#include <string>
#include <vector>

namespace sluice {

// A client as the whole cluster has it. Cheap to copy: what it holds is shared.
struct ClientState {
  // What is kept of it; null: nothing.
  std::shared_ptr<const internal::v1::ClientRecord> record;
  // By connection id; empty: it is not connected.
  absl::btree_map<std::string, std::shared_ptr<const v1::Connection>> connections;

  bool is_connected() const { return !connections.empty(); }
};

// In CLIENT_VIEW_FULL.
v1::Client ViewOf(const std::string& client_id, const ClientState& state);

// The union of its connections' groups, sorted.
std::vector<std::string> GroupsOf(const ClientState& state);

}  // namespace sluice

#include "control/presence/watch/client_state.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace sluice {
namespace {

auto OrderOf(const v1::Connection& connection) {
  return std::make_tuple(connection.connect_time().seconds(), connection.connect_time().nanos());
}

}  // namespace

v1::Client ViewOf(const std::string& client_id, const ClientState& state) {
  v1::Client client;
  client.set_client_id(client_id);
  if (state.record != nullptr) {
    *client.mutable_metadata() = state.record->metadata();
    client.set_metadata_version(state.record->version());
  }
  for (const std::string& group : GroupsOf(state)) client.add_groups(group);
  for (const auto& [id, connection] : state.connections) *client.add_connections() = *connection;
  std::stable_sort(client.mutable_connections()->begin(), client.mutable_connections()->end(),
                   [](const auto& a, const auto& b) { return OrderOf(a) < OrderOf(b); });
  if (client.connections_size() > 0) {
    *client.mutable_connect_time() = client.connections(0).connect_time();
  }
  return client;
}

std::vector<std::string> GroupsOf(const ClientState& state) {
  std::set<std::string> groups;
  for (const auto& [id, connection] : state.connections) {
    groups.insert(connection->groups().begin(), connection->groups().end());
  }
  return {groups.begin(), groups.end()};
}

}  // namespace sluice

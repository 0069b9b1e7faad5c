#include "control/presence/directory.h"

#include <algorithm>
#include <utility>

#include "edge/base/check.h"

namespace sluice {
namespace {

bool HasPrefix(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

// Walks an ordered range of clients, whose elements `client_of` reads.
template <typename Clients, typename ClientOf>
std::vector<const Directory::Client*> PageOf(const Clients& clients, std::string_view after,
                                             std::string_view prefix, std::size_t limit,
                                             ClientOf client_of) {
  std::vector<const Directory::Client*> page;
  auto at = after < prefix ? clients.lower_bound(prefix) : clients.upper_bound(after);
  if (after.empty() && prefix.empty()) at = clients.begin();
  for (; at != clients.end() && page.size() < limit; ++at) {
    const Directory::Client* client = client_of(*at);
    if (!HasPrefix(client->id, prefix)) break;
    page.push_back(client);
  }
  return page;
}

}  // namespace

Directory::Client* Directory::Add(const OpenedConnection& connection,
                                  std::shared_ptr<const Record> record) {
  auto found = clients_.find(std::string_view(connection.client_id));
  if (found == clients_.end()) {
    auto made = std::make_unique<Client>();
    made->id = connection.client_id;
    found = clients_.insert(std::move(made)).first;
  }
  Client* client = found->get();
  SetRecord(*client, std::move(record));
  Connection added = {connection.id, connection.connect_time, {}};
  for (const std::string& name : connection.groups) {
    std::unique_ptr<Group>& group = groups_[name];
    if (group == nullptr) {
      group = std::make_unique<Group>();
      group->name = name;
    }
    ++group->clients[client];
    added.groups.push_back(group.get());
  }
  client->connections.push_back(std::move(added));
  return client;
}

std::vector<std::string> Directory::Remove(Client* client, ConnectionId id) {
  auto& connections = client->connections;
  const auto removed = std::find_if(connections.begin(), connections.end(),
                                    [id](const Connection& c) { return c.id == id; });
  SLUICE_CHECK(removed != connections.end());
  std::vector<std::string> names;
  for (Group* group : removed->groups) {
    names.push_back(group->name);
    const auto member = group->clients.find(client);
    if (--member->second > 0) continue;
    group->clients.erase(member);
    if (group->clients.empty()) groups_.erase(names.back());
  }
  connections.erase(removed);
  if (connections.empty()) clients_.erase(clients_.find(client));
  return names;
}

void Directory::SetRecord(Client& client, std::shared_ptr<const Record> record) {
  if (record == nullptr) return;
  if (client.record != nullptr && client.record->version > record->version) return;
  client.record = std::move(record);
}

Directory::Client* Directory::Find(std::string_view client_id) const {
  const auto found = clients_.find(client_id);
  return found == clients_.end() ? nullptr : found->get();
}

std::vector<const Directory::Client*> Directory::Page(std::string_view after,
                                                      std::string_view prefix,
                                                      std::string_view group,
                                                      std::size_t limit) const {
  if (group.empty()) {
    return PageOf(clients_, after, prefix, limit,
                  [](const std::unique_ptr<Client>& client) { return client.get(); });
  }
  const auto found = groups_.find(std::string(group));
  if (found == groups_.end()) return {};
  return PageOf(found->second->clients, after, prefix, limit,
                [](const auto& member) { return member.first; });
}

std::size_t Directory::ClientCount(std::string_view group) const {
  if (group.empty()) return clients_.size();
  const auto found = groups_.find(std::string(group));
  return found == groups_.end() ? 0 : found->second->clients.size();
}

std::vector<std::string> Directory::ClientIds() const {
  std::vector<std::string> ids;
  ids.reserve(clients_.size());
  for (const auto& client : clients_) ids.push_back(client->id);
  return ids;
}

}  // namespace sluice

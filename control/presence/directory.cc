#include "control/presence/directory.h"

#include <algorithm>
#include <utility>

#include "edge/base/check.h"

namespace sluice {
namespace {

bool HasPrefix(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

// Walks an ordered range, whose elements `item_of` reads and `name_of` names.
template <typename Item, typename Range, typename ItemOf, typename NameOf>
std::vector<const Item*> PageOf(const Range& range, std::string_view after, std::string_view prefix,
                                std::size_t limit, ItemOf item_of, NameOf name_of) {
  std::vector<const Item*> page;
  auto at = after < prefix ? range.lower_bound(prefix) : range.upper_bound(after);
  if (after.empty() && prefix.empty()) at = range.begin();
  for (; at != range.end() && page.size() < limit; ++at) {
    const Item* item = item_of(*at);
    if (!HasPrefix(name_of(*item), prefix)) break;
    page.push_back(item);
  }
  return page;
}

const std::string& IdOf(const Directory::Client& client) {
  return client.id;
}

}  // namespace

Directory::Client* Directory::Add(const OpenedConnection& connection,
                                  std::shared_ptr<const Record> record, const OwnGroups& own,
                                  const std::vector<std::string>& groups) {
  auto found = clients_.find(std::string_view(connection.client_id));
  if (found == clients_.end()) {
    auto made = std::make_unique<Client>();
    made->id = connection.client_id;
    found = clients_.insert(std::move(made)).first;
  }
  Client* client = found->get();
  if (IsNewer(record.get(), client->record.get())) client->record = std::move(record);
  client->connections.push_back({connection.id, connection.connect_time, {}, nullptr});
  EnterGroups(client, client->connections.back(), own, groups);
  if (listener_ != nullptr) listener_->OnOpened(*client, client->connections.back());
  return client;
}

std::vector<std::string> Directory::Remove(Client* client, ConnectionId id, EndReason reason) {
  Connection& removed = ConnectionOf(*client, id);
  std::vector<std::string> names = GroupsOf(removed);
  for (const Membership& membership : removed.groups) LeaveGroup(client, membership.group);
  client->connections.erase(client->connections.begin() + (&removed - client->connections.data()));
  if (listener_ != nullptr) listener_->OnEnded(client->id, id, reason);
  if (client->connections.empty()) clients_.erase(clients_.find(client));
  return names;
}

void Directory::SetRecord(Client& client, std::shared_ptr<const Record> record) {
  client.record = std::move(record);
  if (listener_ != nullptr) listener_->OnRecordChanged(client);
}

void Directory::SetGroups(Client* client, ConnectionId id, const OwnGroups& own,
                          const std::vector<std::string>& groups) {
  Connection& connection = ConnectionOf(*client, id);
  EnterGroups(client, connection, own, groups);
  if (listener_ != nullptr) listener_->OnGroupsChanged(*client, connection);
}

void Directory::EnterGroups(Client* client, Connection& connection, const OwnGroups& own,
                            const std::vector<std::string>& groups) {
  const std::vector<Membership> before = std::move(connection.groups);
  connection.groups.clear();
  connection.groups.reserve(groups.size());
  for (const std::string& name : groups) {
    std::unique_ptr<Group>& group = groups_[name];
    if (group == nullptr) {
      group = std::make_unique<Group>();
      group->name = name;
    }
    ++group->clients[client];
    ++group->connections;
    const auto since = own.since.find(name);
    connection.groups.push_back({group.get(), since == own.since.end() ? 0 : since->second});
  }
  for (const Membership& membership : before) LeaveGroup(client, membership.group);
  connection.left = own.left.empty() ? nullptr : std::make_unique<std::set<std::string>>(own.left);
}

void Directory::LeaveGroup(Client* client, Group* group) {
  --group->connections;
  const auto member = group->clients.find(client);
  if (--member->second > 0) return;
  group->clients.erase(member);
  if (group->clients.empty()) groups_.erase(groups_.find(group->name));
}

OwnGroups Directory::OwnGroupsOf(const Connection& connection) {
  OwnGroups own;
  for (const Membership& membership : connection.groups) {
    if (membership.own_since > 0) own.since[membership.group->name] = membership.own_since;
  }
  if (connection.left != nullptr) own.left = *connection.left;
  return own;
}

std::vector<std::string> Directory::GroupsOf(const Connection& connection) {
  std::vector<std::string> names;
  for (const Membership& membership : connection.groups) names.push_back(membership.group->name);
  return names;
}

Directory::Connection& Directory::ConnectionOf(Client& client, ConnectionId id) {
  const auto found = std::find_if(client.connections.begin(), client.connections.end(),
                                  [id](const Connection& c) { return c.id == id; });
  SLUICE_CHECK(found != client.connections.end());
  return *found;
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
    return PageOf<Client>(
        clients_, after, prefix, limit,
        [](const std::unique_ptr<Client>& client) { return client.get(); }, IdOf);
  }
  const auto found = groups_.find(group);
  if (found == groups_.end()) return {};
  return PageOf<Client>(
      found->second->clients, after, prefix, limit, [](const auto& member) { return member.first; },
      IdOf);
}

std::vector<const Directory::Group*> Directory::GroupPage(std::string_view after,
                                                          std::string_view prefix,
                                                          std::size_t limit) const {
  return PageOf<Group>(
      groups_, after, prefix, limit, [](const auto& entry) { return entry.second.get(); },
      [](const Group& group) -> const std::string& { return group.name; });
}

std::size_t Directory::ClientCount(std::string_view group) const {
  if (group.empty()) return clients_.size();
  const auto found = groups_.find(group);
  return found == groups_.end() ? 0 : found->second->clients.size();
}

std::vector<std::string> Directory::ClientIds() const {
  std::vector<std::string> ids;
  ids.reserve(clients_.size());
  for (const auto& client : clients_) ids.push_back(client->id);
  return ids;
}

}  // namespace sluice

#pragma once

#include <absl/container/btree_map.h>
#include <absl/container/btree_set.h>
#include <absl/container/flat_hash_map.h>
#include <absl/container/inlined_vector.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "control/backplane/record.h"
#include "control/groups/own_groups.h"
#include "edge/connection_observer.h"

namespace sluice {

// The clients with live connections on this replica, in the order in which lists give them, so that
// a page costs the page and not the replica's connections.
// Owner:  the cluster.
// Thread: the cluster thread.
// Limits: one entry a connection, a client and a membership.
class Directory {
 public:
  struct Group;

  struct Membership {
    Group* group;
    // OwnGroups::since; 0: the record alone assigns the group.
    std::uint64_t own_since;
  };

  struct Connection {
    ConnectionId id;
    absl::Time connect_time;
    std::vector<Membership> groups;               // Sorted by name.
    std::unique_ptr<std::set<std::string>> left;  // OwnGroups::left; null: empty.
  };

  struct Client {
    std::string id;
    std::shared_ptr<const Record> record;  // Null: there is none.
    absl::InlinedVector<Connection, 1> connections;
  };

  struct ById {
    using is_transparent = void;
    static std::string_view Id(const Client* client) { return client->id; }
    static std::string_view Id(const std::unique_ptr<Client>& client) { return client->id; }
    static std::string_view Id(std::string_view id) { return id; }
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      return Id(a) < Id(b);
    }
  };

  // Learns of every change, after it was made.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void OnOpened(const Client& client, const Connection& connection) = 0;
    virtual void OnGroupsChanged(const Client& client, const Connection& connection) = 0;
    virtual void OnEnded(const std::string& client_id, ConnectionId id, EndReason reason) = 0;
    virtual void OnRecordChanged(const Client& client) = 0;
  };

  // A group's clients with the number of their connections in it.
  struct Group {
    std::string name;
    std::uint64_t connections = 0;
    absl::btree_map<Client*, std::uint32_t, ById> clients;
  };

  // Outlives this; null: nobody.
  void set_listener(Listener* listener) { listener_ = listener; }

  // The client that the connection now belongs to; it stays while it has connections. The newer of
  // its record and `record` is its record; both may be null. The connection is in `groups` as of
  // SetGroups.
  Client* Add(const OpenedConnection& connection, std::shared_ptr<const Record> record,
              const OwnGroups& own, const std::vector<std::string>& groups);

  // `client` must be what Add returned for the connection, here and below. Returns the connection's
  // groups.
  std::vector<std::string> Remove(Client* client, ConnectionId id, EndReason reason);

  // Null: there is none.
  void SetRecord(Client& client, std::shared_ptr<const Record> record);

  // The connection is in `groups`, sorted, because of `own` and the client's record.
  void SetGroups(Client* client, ConnectionId id, const OwnGroups& own,
                 const std::vector<std::string>& groups);

  static OwnGroups OwnGroupsOf(const Connection& connection);
  static std::vector<std::string> GroupsOf(const Connection& connection);
  static Connection& ConnectionOf(Client& client, ConnectionId id);

  // Null: not connected here.
  Client* Find(std::string_view client_id) const;

  // Up to `limit` clients in order of their ids: those after `after` (all when it is empty) that
  // begin with `prefix`, of the group if it is not empty.
  std::vector<const Client*> Page(std::string_view after, std::string_view prefix,
                                  std::string_view group, std::size_t limit) const;

  // How many clients there are; in the group if it is not empty.
  std::size_t ClientCount(std::string_view group) const;

  // Every client's id, in order.
  std::vector<std::string> ClientIds() const;

  // Up to `limit` groups in order of their names: those after `after` that begin with `prefix`.
  std::vector<const Group*> GroupPage(std::string_view after, std::string_view prefix,
                                      std::size_t limit) const;

 private:
  void EnterGroups(Client* client, Connection& connection, const OwnGroups& own,
                   const std::vector<std::string>& groups);
  void LeaveGroup(Client* client, Group* group);

  absl::btree_set<std::unique_ptr<Client>, ById> clients_;
  absl::btree_map<std::string, std::unique_ptr<Group>, std::less<>> groups_;
  Listener* listener_ = nullptr;
};

}  // namespace sluice

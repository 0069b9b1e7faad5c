#include "control/presence/watch/cluster_view.h"

#include <utility>
#include <vector>

#include "edge/names/event_number.h"

namespace sluice {
namespace {

using internal::v1::ClientRecord;
using internal::v1::PresenceChange;
using RecordPointer = std::shared_ptr<const ClientRecord>;

// What is told of a record that there is none any more.
bool IsNone(const ClientRecord& record) {
  return record.number().empty() && record.version() == 0;
}

// False: what is known is of a later change. Where that can't be told the later word wins.
bool IsNewer(const RecordPointer& told, const RecordPointer& known) {
  if (told == nullptr || known == nullptr) return true;
  const auto told_number = EventNumber::Parse(told->number());
  const auto known_number = EventNumber::Parse(known->number());
  if (!told_number.has_value() || !known_number.has_value()) return true;
  return told_number->epoch != known_number->epoch ||
         told_number->sequence > known_number->sequence;
}

RecordPointer RecordOf(const v1::Client& client, const std::string& number) {
  if (number.empty() && client.metadata_version() == 0) return nullptr;
  auto record = std::make_shared<ClientRecord>();
  record->set_number(number);
  *record->mutable_metadata() = client.metadata();
  record->set_version(client.metadata_version());
  return record;
}

}  // namespace

void ClusterView::ReplicaClients::Add(const v1::Client& client, const std::string& record_number) {
  for (const v1::Connection& connection : client.connections()) {
    connections[connection.connection_id()] = {client.client_id(),
                                               std::make_shared<v1::Connection>(connection)};
  }
  records[client.client_id()] = RecordOf(client, record_number);
}

void ClusterView::ReplicaClients::Apply(const PresenceChange& change) {
  if (change.has_opened()) {
    const v1::Connection& connection = change.opened().connection();
    connections[connection.connection_id()] = {change.client_id(),
                                               std::make_shared<v1::Connection>(connection)};
    if (change.opened().has_record()) {
      records[change.client_id()] = std::make_shared<ClientRecord>(change.opened().record());
    }
  } else if (change.has_end()) {
    connections.erase(change.end().connection_id());
  } else if (change.has_record()) {
    records[change.client_id()] =
        IsNone(change.record()) ? nullptr : std::make_shared<ClientRecord>(change.record());
  }
}

void ClusterView::Apply(const std::string& replica_id, const PresenceChange& change) {
  if (change.has_opened()) {
    SetConnection(replica_id, change.client_id(),
                  std::make_shared<v1::Connection>(change.opened().connection()),
                  change.opened().has_record()
                      ? std::make_shared<ClientRecord>(change.opened().record())
                      : nullptr);
  } else if (change.has_end()) {
    EndConnection(replica_id, change.client_id(), change.end().connection_id(),
                  change.end().reason());
  } else if (change.has_record()) {
    SetRecord(change.client_id(),
              IsNone(change.record()) ? nullptr : std::make_shared<ClientRecord>(change.record()));
  }
}

void ClusterView::Add(const std::string& replica_id, const ReplicaClients& clients) {
  for (const auto& [connection_id, held] : clients.connections) {
    const auto record = clients.records.find(held.client_id);
    SetConnection(replica_id, held.client_id, held.connection,
                  record == clients.records.end() ? nullptr : record->second);
  }
  for (const auto& [client_id, record] : clients.records) SetRecord(client_id, record);
}

void ClusterView::KeepOnly(const std::string& replica_id, const ReplicaClients& clients,
                           std::string_view gone_reason) {
  std::vector<std::pair<std::string, std::string>> gone;
  for (const auto& [client_id, state] : clients_) {
    for (const auto& [connection_id, connection] : state.connections) {
      if (connection->replica_id() == replica_id && !clients.connections.contains(connection_id)) {
        gone.emplace_back(client_id, connection_id);
      }
    }
  }
  for (const auto& [client_id, connection_id] : gone) {
    EndConnection(replica_id, client_id, connection_id, gone_reason);
  }
}

void ClusterView::SetConnection(const std::string& replica_id, const std::string& client_id,
                                std::shared_ptr<const v1::Connection> connection,
                                RecordPointer record) {
  ClientState& state = clients_[client_id];
  const ClientState before = state;
  const std::string connection_id = connection->connection_id();
  state.connections[connection_id] = std::move(connection);
  if (record != nullptr && IsNewer(record, state.record)) state.record = std::move(record);
  on_change_({client_id, before, state, connection_id, replica_id, ""});
}

void ClusterView::EndConnection(const std::string& replica_id, const std::string& client_id,
                                const std::string& connection_id, std::string_view reason) {
  const auto found = clients_.find(client_id);
  if (found == clients_.end()) return;
  const ClientState before = found->second;
  ClientState after = before;
  if (after.connections.erase(connection_id) == 0) return;
  if (after.is_connected()) {
    found->second = after;
  } else {
    clients_.erase(found);
  }
  on_change_({client_id, before, after, connection_id, replica_id, std::string(reason)});
}

void ClusterView::SetRecord(const std::string& client_id, RecordPointer record) {
  const auto found = clients_.find(client_id);
  if (found == clients_.end() || !IsNewer(record, found->second.record)) return;
  const ClientState before = found->second;
  found->second.record = std::move(record);
  on_change_({client_id, before, found->second, "", "", ""});
}

}  // namespace sluice

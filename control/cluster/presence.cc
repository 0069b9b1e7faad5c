#include "control/cluster/presence.h"

#include <absl/container/flat_hash_map.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <set>
#include <utility>

#include "control/request/error_reason.h"

namespace sluice {
namespace {

void SetTimestamp(absl::Time time, google::protobuf::Timestamp& timestamp) {
  const std::int64_t nanoseconds = absl::ToUnixNanos(time);
  timestamp.set_seconds(nanoseconds / 1'000'000'000);
  timestamp.set_nanos(static_cast<std::int32_t>(nanoseconds % 1'000'000'000));
}

bool Matches(const Record* record, const std::map<std::string, std::string>& match) {
  if (match.empty()) return true;
  if (record == nullptr) return false;
  const auto& fields = record->metadata.fields();
  return std::all_of(match.begin(), match.end(), [&fields](const auto& wanted) {
    const auto found = fields.find(wanted.first);
    return found != fields.end() && ScalarText(found->second) == wanted.second;
  });
}

absl::Status ClientNotFound(const std::string& client_id, absl::string_view why) {
  return WithReason(absl::NotFoundError(absl::StrCat("client `", client_id, "` ", why)),
                    "CLIENT_NOT_FOUND");
}

void FillConnection(const ConnectionDescription& description, const std::string& replica_id,
                    v1::Connection& connection) {
  connection.set_connection_id(description.id.ToString());
  connection.set_replica_id(replica_id);
  SetTimestamp(description.connect_time, *connection.mutable_connect_time());
  connection.set_remote_address(description.remote_address);
  connection.set_user_agent(description.user_agent);
  connection.mutable_groups()->Add(description.groups.begin(), description.groups.end());
  connection.set_queued_bytes(static_cast<std::int64_t>(description.queued_bytes));
  connection.set_delivered(static_cast<std::int64_t>(description.delivered));
}

}  // namespace

Presence::Presence(std::string replica_id, Backplane& backplane, Edge& edge, Directory& directory,
                   Publisher::Post post)
    : replica_id_(std::move(replica_id)),
      backplane_(backplane),
      edge_(edge),
      directory_(directory),
      post_(std::move(post)) {}

v1::Client Presence::BasicView(const std::string& client_id, const Directory::Client* client,
                               const Record* record) const {
  v1::Client view;
  view.set_client_id(client_id);
  if (record != nullptr) {
    *view.mutable_metadata() = record->metadata;
    view.set_metadata_version(record->version);
  }
  if (client == nullptr) return view;
  std::set<std::string_view> groups;
  absl::Time oldest = absl::InfiniteFuture();
  for (const Directory::Connection& connection : client->connections) {
    oldest = std::min(oldest, connection.connect_time);
    for (const Directory::Group* group : connection.groups) groups.insert(group->name);
  }
  for (const std::string_view group : groups) view.add_groups(std::string(group));
  SetTimestamp(oldest, *view.mutable_connect_time());
  return view;
}

void Presence::FillConnections(std::vector<v1::Client> clients,
                               absl::AnyInvocable<void(std::vector<v1::Client>)> done) {
  std::vector<ConnectionId> ids;
  absl::flat_hash_map<ConnectionId, std::size_t> client_of;
  for (std::size_t i = 0; i < clients.size(); ++i) {
    const Directory::Client* client = directory_.Find(clients[i].client_id());
    if (client == nullptr) continue;
    for (const Directory::Connection& connection : client->connections) {
      ids.push_back(connection.id);
      client_of.emplace(connection.id, i);
    }
  }
  edge_.Describe(ids, [this, clients = std::move(clients), client_of = std::move(client_of),
                       done = std::move(done)](auto descriptions) mutable {
    std::sort(descriptions.begin(), descriptions.end(), [](const auto& a, const auto& b) {
      return std::tie(a.connect_time, a.id) < std::tie(b.connect_time, b.id);
    });
    for (const ConnectionDescription& description : descriptions) {
      v1::Client& client = clients[client_of.at(description.id)];
      FillConnection(description, replica_id_, *client.add_connections());
    }
    post_([clients = std::move(clients), done = std::move(done)]() mutable {
      done(std::move(clients));
    });
  });
}

void Presence::AnswerOne(const std::string& client_id, const Record* record, ClientDone done) {
  std::vector<v1::Client> one = {BasicView(client_id, directory_.Find(client_id), record)};
  FillConnections(std::move(one), [done = std::move(done)](std::vector<v1::Client> filled) mutable {
    done(std::move(filled.front()));
  });
}

void Presence::GetClient(const std::string& client_id, ClientDone done) {
  const Directory::Client* client = directory_.Find(client_id);
  if (client != nullptr) return AnswerOne(client_id, client->record.get(), std::move(done));
  backplane_.ReadRecord(client_id, [this, client_id, done = std::move(done)](auto record) mutable {
    if (!record.ok()) return done(record.status());
    if (*record == nullptr) {
      return done(ClientNotFound(client_id, "is not connected and has no record"));
    }
    AnswerOne(client_id, record->get(), std::move(done));
  });
}

void Presence::ListClients(const ClientQuery& query,
                           absl::AnyInvocable<void(absl::StatusOr<ClientPage>)> done) {
  // Metadata decides after the look-up, so a page that matches little ends short instead of walking
  // through all clients.
  const std::size_t looks = query.page_size * (query.metadata_match.empty() ? 1 : kLooksPerResult);
  const auto found = directory_.Page(query.after, query.prefix, query.group, looks + 1);
  ClientPage page;
  page.total_size = static_cast<std::int64_t>(directory_.ClientCount(query.group));
  std::size_t looked = 0;
  while (looked < std::min(looks, found.size()) && page.clients.size() < query.page_size) {
    const Directory::Client* client = found[looked++];
    if (!Matches(client->record.get(), query.metadata_match)) continue;
    page.clients.push_back(BasicView(client->id, client, client->record.get()));
  }
  if (looked < found.size()) page.last_id = found[looked - 1]->id;
  if (!query.is_full) return done(std::move(page));
  auto clients = std::exchange(page.clients, {});
  FillConnections(std::move(clients),
                  [page = std::move(page), done = std::move(done)](auto filled) mutable {
                    page.clients = std::move(filled);
                    done(std::move(page));
                  });
}

void Presence::ChangeMetadata(const std::string& client_id, const RecordChange& change,
                              bool allow_missing, ClientDone done) {
  if (!allow_missing && directory_.Find(client_id) == nullptr) {
    return done(ClientNotFound(
        client_id, "is not connected; set allow_missing to store its metadata all the same"));
  }
  backplane_.ChangeRecord(client_id, change,
                          [this, client_id, done = std::move(done)](auto record) mutable {
                            if (!record.ok()) return done(record.status());
                            AnswerOne(client_id, record->get(), std::move(done));
                          });
}

}  // namespace sluice

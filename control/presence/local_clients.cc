#include "control/presence/local_clients.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "control/message/timestamp.h"

namespace sluice {
namespace {

using internal::v1::ClientsAnswer;
using internal::v1::ClientsQuestion;

bool Matches(const Record* record, const google::protobuf::Map<std::string, std::string>& match) {
  return match.empty() || (record != nullptr && HoldsScalars(record->metadata, match));
}

}  // namespace

void FillConnection(const ConnectionDescription& description, v1::Connection& connection) {
  connection.set_remote_address(description.remote_address);
  connection.set_user_agent(description.user_agent);
  connection.set_queued_bytes(static_cast<std::int64_t>(description.queued_bytes));
  connection.set_delivered(static_cast<std::int64_t>(description.delivered));
  for (const auto& [name, value] : description.headers) {
    (*connection.mutable_headers())[name] = value;
  }
}

LocalClients::LocalClients(std::string replica_id, Edge& edge, const Directory& directory,
                           Post post)
    : replica_id_(std::move(replica_id)),
      edge_(edge),
      directory_(directory),
      post_(std::move(post)) {}

void LocalClients::Answer(const ClientsQuestion& question,
                          absl::AnyInvocable<void(ClientsAnswer)> done) {
  ClientsAnswer answer;
  if (question.client_id().empty()) {
    answer = PageOf(question);
  } else if (const Directory::Client* client = directory_.Find(question.client_id())) {
    *answer.add_clients() = BasicView(*client);
  }
  if (!question.full()) return done(std::move(answer));
  FillConnections(std::move(answer), std::move(done));
}

v1::Client LocalClients::BasicView(const Directory::Client& client) const {
  v1::Client view;
  view.set_client_id(client.id);
  if (client.record != nullptr) {
    *view.mutable_metadata() = client.record->metadata;
    view.set_metadata_version(client.record->version);
  }
  std::set<std::string_view> groups;
  absl::Time oldest = absl::InfiniteFuture();
  for (const Directory::Connection& connection : client.connections) {
    oldest = std::min(oldest, connection.connect_time);
    for (const Directory::Membership& membership : connection.groups) {
      groups.insert(membership.group->name);
    }
  }
  for (const std::string_view group : groups) view.add_groups(std::string(group));
  SetTimestamp(oldest, *view.mutable_connect_time());
  return view;
}

ClientsAnswer LocalClients::PageOf(const ClientsQuestion& question) const {
  // Metadata decides after the look-up, so a page that matches little ends short instead of walking
  // through all clients.
  const std::size_t page_size = std::max<std::size_t>(question.page_size(), 1);
  const std::size_t looks = page_size * (question.metadata_match().empty() ? 1 : kLooksPerResult);
  const auto found =
      directory_.Page(question.after(), question.prefix(), question.group(), looks + 1);
  ClientsAnswer answer;
  answer.set_total_size(static_cast<std::int64_t>(directory_.ClientCount(question.group())));
  std::size_t bytes = 0;
  std::size_t looked = 0;
  while (looked < std::min(looks, found.size()) && bytes < kAnswerBytes &&
         static_cast<std::size_t>(answer.clients_size()) < page_size) {
    const Directory::Client& client = *found[looked++];
    if (!Matches(client.record.get(), question.metadata_match())) continue;
    v1::Client& view = *answer.add_clients();
    view = BasicView(client);
    bytes += view.ByteSizeLong();
  }
  if (looked < found.size()) answer.set_complete_to(found[looked - 1]->id);
  return answer;
}

internal::v1::GroupsAnswer LocalClients::Answer(
    const internal::v1::GroupsQuestion& question) const {
  const std::size_t page_size = std::max<std::size_t>(question.page_size(), 1);
  const auto found = directory_.GroupPage(question.after(), question.prefix(), page_size + 1);
  internal::v1::GroupsAnswer answer;
  for (const Directory::Group* group : found) {
    if (static_cast<std::size_t>(answer.groups_size()) == page_size) {
      answer.set_complete_to(answer.groups(answer.groups_size() - 1).group());
      break;
    }
    v1::Group& view = *answer.add_groups();
    view.set_group(group->name);
    view.set_clients(static_cast<std::int64_t>(group->clients.size()));
    view.set_connections(static_cast<std::int64_t>(group->connections));
  }
  return answer;
}

void LocalClients::FillConnections(ClientsAnswer answer,
                                   absl::AnyInvocable<void(ClientsAnswer)> done) {
  std::vector<ConnectionId> ids;
  absl::flat_hash_map<ConnectionId, int> client_of;
  for (int i = 0; i < answer.clients_size(); ++i) {
    std::string& record_number = *answer.add_record_numbers();
    const Directory::Client* client = directory_.Find(answer.clients(i).client_id());
    if (client == nullptr) continue;
    if (client->record != nullptr) record_number = client->record->number.ToString();
    for (const Directory::Connection& connection : client->connections) {
      ids.push_back(connection.id);
      client_of.emplace(connection.id, i);
    }
  }
  Describe(ids, [this, answer = std::move(answer), client_of = std::move(client_of),
                 done = std::move(done)](auto descriptions) mutable {
    std::sort(descriptions.begin(), descriptions.end(), [](const auto& a, const auto& b) {
      return std::tie(a.connect_time, a.id) < std::tie(b.connect_time, b.id);
    });
    for (const ConnectionDescription& description : descriptions) {
      v1::Client& client = *answer.mutable_clients(client_of.at(description.id));
      v1::Connection& connection = *client.add_connections();
      connection.set_connection_id(description.id.ToString());
      connection.set_replica_id(replica_id_);
      SetTimestamp(description.connect_time, *connection.mutable_connect_time());
      connection.mutable_groups()->Add(description.groups.begin(), description.groups.end());
      FillConnection(description, connection);
    }
    done(std::move(answer));
  });
}

void LocalClients::Describe(const std::vector<ConnectionId>& ids, Described done) {
  edge_.Describe(ids, [this, done = std::move(done)](auto descriptions) mutable {
    post_([descriptions = std::move(descriptions), done = std::move(done)]() mutable {
      done(std::move(descriptions));
    });
  });
}

}  // namespace sluice

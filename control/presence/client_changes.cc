#include "control/presence/client_changes.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <set>
#include <utility>

#include "control/backplane/channel.h"
#include "control/message/envelope.h"
#include "control/request/error_reason.h"

namespace sluice {
namespace {

absl::Status ConnectionNotFound(const GroupsCommand& command) {
  return WithReason(
      absl::NotFoundError(absl::StrCat("client `", command.client_id, "` has no connection `",
                                       command.connection_id, "`; it may have ended")),
      "CONNECTION_NOT_FOUND");
}

const v1::Connection* FindConnection(const v1::Client& client, const std::string& connection_id) {
  const auto found =
      std::find_if(client.connections().begin(), client.connections().end(),
                   [&connection_id](const auto& c) { return c.connection_id() == connection_id; });
  return found == client.connections().end() ? nullptr : &*found;
}

absl::Status CheckRoom(const GroupsCommand& command, const v1::Client& client) {
  for (const v1::Connection& connection : client.connections()) {
    if (!command.connection_id.empty() && connection.connection_id() != command.connection_id) {
      continue;
    }
    std::set<std::string> groups(connection.groups().begin(), connection.groups().end());
    groups.insert(command.join.begin(), command.join.end());
    if (groups.size() <= kGroupsMax) continue;
    Violations violations;
    violations.Add("groups",
                   absl::StrCat("would put connection ", connection.connection_id(), " into ",
                                groups.size(), " groups; at most ", kGroupsMax, " are allowed"));
    return WithReason(violations.ToStatus(), "TOO_MANY_GROUPS");
  }
  return absl::OkStatus();
}

}  // namespace

ClientChanges::ClientChanges(Backplane& backplane, Presence& presence, Gather& gather,
                             Publisher& publisher)
    : backplane_(backplane), presence_(presence), gather_(gather), publisher_(publisher) {}

void ClientChanges::ChangeMetadata(const std::string& client_id, const RecordChange& change,
                                   bool allow_missing, ClientDone done) {
  auto answer = [done = std::move(done)](absl::StatusOr<ChangedClient> changed) mutable {
    if (!changed.ok()) return done(changed.status());
    done(std::move(changed->client));
  };
  if (allow_missing) return ChangeRecord(client_id, change, std::move(answer));
  presence_.Find(client_id, [this, client_id, change,
                             done = std::move(answer)](absl::StatusOr<v1::Client> client) mutable {
    if (!client.ok()) return done(client.status());
    if (client->client_id().empty()) {
      return done(ClientNotFound(
          client_id, "is not connected; set allow_missing to store its metadata all the same"));
    }
    ChangeRecord(client_id, change, std::move(done));
  });
}

void ClientChanges::ChangeGroups(const GroupsCommand& command, ChangedDone done) {
  presence_.Find(command.client_id, [this, command, done = std::move(done)](
                                        absl::StatusOr<v1::Client> client) mutable {
    if (!client.ok() && !command.allow_missing) return done(client.status());
    if (!client.ok()) client = v1::Client();
    if (client->client_id().empty() && !command.allow_missing) {
      return done(ClientNotFound(command.client_id,
                                 "is not connected; set allow_missing to change its groups all the "
                                 "same"));
    }
    const absl::Status room = CheckRoom(command, *client);
    if (!room.ok()) return done(room);
    if (command.connection_id.empty()) {
      return ChangeRecord(command.client_id, {std::nullopt, command.join, command.leave},
                          std::move(done));
    }
    if (FindConnection(*client, command.connection_id) != nullptr) {
      return ChangeConnection(command, std::move(done));
    }
    if (!command.allow_missing) return done(ConnectionNotFound(command));
    client->set_client_id(command.client_id);
    done(ChangedClient{*std::move(client), 0});
  });
}

void ClientChanges::ChangeConnection(const GroupsCommand& command, ChangedDone done) {
  internal::v1::Envelope envelope;
  internal::v1::ConnectionGroups& groups = *envelope.mutable_connection_groups();
  groups.set_connection_id(command.connection_id);
  groups.mutable_join()->Add(command.join.begin(), command.join.end());
  groups.mutable_leave()->Add(command.leave.begin(), command.leave.end());
  publisher_.Tell(ClientChannel(command.client_id), std::move(envelope),
                  [this, client_id = command.client_id,
                   done = std::move(done)](Backplane::PublishedOr published) mutable {
                    if (!published.ok()) return done(published.status());
                    AnswerWhenConfirmed(client_id, *published, nullptr, std::move(done));
                  });
}

void ClientChanges::ChangeRecord(const std::string& client_id, const RecordChange& change,
                                 ChangedDone done) {
  backplane_.ChangeRecord(
      client_id, change, [this, client_id, done = std::move(done)](auto changed) mutable {
        if (!changed.ok()) return done(changed.status());
        AnswerWhenConfirmed(client_id, changed->published, changed->record, std::move(done));
      });
}

void ClientChanges::AnswerWhenConfirmed(const std::string& client_id,
                                        const Backplane::Published& published,
                                        std::shared_ptr<const Record> record, ChangedDone done) {
  publisher_.Confirm(published, [this, client_id, record = std::move(record),
                                 done = std::move(done)](
                                    absl::StatusOr<v1::Delivery> delivery) mutable {
    const int unconfirmed = delivery.ok() ? delivery->unconfirmed_replicas() : 0;
    presence_.Find(client_id, [client_id, record = std::move(record), unconfirmed,
                               done = std::move(done)](absl::StatusOr<v1::Client> client) mutable {
      // The change is made, whoever does not answer now.
      if (!client.ok()) client = v1::Client();
      client->set_client_id(client_id);
      if (record != nullptr) SetRecord(record.get(), *client);
      done(ChangedClient{*std::move(client), unconfirmed});
    });
  });
}

void ClientChanges::Disconnect(const DisconnectCommand& command, DisconnectDone done) {
  internal::v1::Envelope envelope;
  internal::v1::Disconnect& disconnect = *envelope.mutable_disconnect();
  disconnect.set_connection_id(command.connection_id);
  disconnect.set_message(command.dismissal.message);
  disconnect.set_reconnect_after_ms(absl::ToInt64Milliseconds(command.dismissal.reconnect_after));
  disconnect.set_block_ms(absl::ToInt64Milliseconds(command.block_for));
  if (command.block_for == absl::ZeroDuration()) {
    return publisher_.Tell(ClientChannel(command.client_id), std::move(envelope),
                           [this, done = std::move(done)](auto published) mutable {
                             if (!published.ok()) return done(published.status());
                             CountEnded(*published, 0, std::move(done));
                           });
  }
  internal::v1::Question question;
  question.mutable_block()->set_client_id(command.client_id);
  question.mutable_block()->set_duration_ms(disconnect.block_ms());
  backplane_.BlockClient(
      command.client_id, command.block_for, publisher_.AskingForAcks(std::move(envelope)),
      [this, question, done = std::move(done)](auto published) mutable {
        if (!published.ok()) return done(published.status());
        gather_.Ask(question, [this, published = *published,
                               done = std::move(done)](Gather::Answers gathered) mutable {
          CountEnded(published, static_cast<int>(gathered.unreachable.size()), std::move(done));
        });
      });
}

void ClientChanges::CountEnded(const Backplane::Published& published, int replicas_missing,
                               DisconnectDone done) {
  publisher_.Confirm(published, [replicas_missing, done = std::move(done)](
                                    absl::StatusOr<v1::Delivery> delivery) mutable {
    if (!delivery.ok()) return done(delivery.status());
    done(DisconnectedClient{delivery->connections(),
                            std::max(replicas_missing, delivery->unconfirmed_replicas())});
  });
}

void ClientChanges::Delete(const std::string& client_id,
                           absl::AnyInvocable<void(absl::Status)> done) {
  presence_.GetClient(client_id, [this, client_id, done = std::move(done)](
                                     absl::StatusOr<v1::Client> client) mutable {
    if (!client.ok()) return done(client.status());
    backplane_.DeleteRecord(
        client_id, [this, done = std::move(done)](Backplane::PublishedOr published) mutable {
          if (!published.ok()) return done(published.status());
          publisher_.Confirm(*published,
                             [done = std::move(done)](auto) mutable { done(absl::OkStatus()); });
        });
  });
}

}  // namespace sluice

#include "control/presence/presence.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <utility>

#include "control/request/error_reason.h"

namespace sluice {
namespace {

absl::Status ClientNotFound(const std::string& client_id, absl::string_view why) {
  return WithReason(absl::NotFoundError(absl::StrCat("client `", client_id, "` ", why)),
                    "CLIENT_NOT_FOUND");
}

void SetRecord(const Record* record, v1::Client& client) {
  if (record == nullptr) return;
  *client.mutable_metadata() = record->metadata;
  client.set_metadata_version(record->version);
}

internal::v1::ClientQuestion QuestionOf(const ClientQuery& query) {
  internal::v1::ClientQuestion question;
  question.set_after(query.after);
  question.set_page_size(static_cast<std::uint32_t>(query.page_size));
  question.set_prefix(query.prefix);
  question.set_group(query.group);
  question.mutable_metadata_match()->insert(query.metadata_match.begin(),
                                            query.metadata_match.end());
  question.set_full(query.is_full);
  return question;
}

}  // namespace

Presence::Presence(Backplane& backplane, ClientGather& gather, Publisher& publisher)
    : backplane_(backplane), gather_(gather), publisher_(publisher) {}

void Presence::Find(const std::string& client_id, FoundDone done) {
  internal::v1::ClientQuestion question;
  question.set_client_id(client_id);
  question.set_full(true);
  gather_.Ask(question, [done = std::move(done)](ClientGather::Answers gathered) mutable {
    v1::Client client;
    for (const internal::v1::ClientAnswer& answer : gathered.answers) {
      for (const v1::Client& part : answer.clients()) MergeClient(part, client);
    }
    if (client.client_id().empty() && !gathered.unreachable.empty()) {
      return done(WithReason(absl::UnavailableError(absl::StrCat(
                                 "these replicas did not answer and may hold the client: ",
                                 absl::StrJoin(gathered.unreachable, ", "))),
                             "REPLICA_UNREACHABLE"));
    }
    done(std::move(client));
  });
}

void Presence::GetClient(const std::string& client_id, ClientDone done) {
  backplane_.ReadRecord(client_id, [this, client_id, done = std::move(done)](auto record) mutable {
    if (!record.ok()) return done(record.status());
    Find(client_id, [client_id, record = *std::move(record),
                     done = std::move(done)](absl::StatusOr<v1::Client> client) mutable {
      if (!client.ok()) return done(client.status());
      if (client->client_id().empty() && record == nullptr) {
        return done(ClientNotFound(client_id, "is not connected and has no record"));
      }
      client->set_client_id(client_id);
      SetRecord(record.get(), *client);
      done(std::move(client));
    });
  });
}

void Presence::ListClients(const ClientQuery& query,
                           absl::AnyInvocable<void(absl::StatusOr<ClientPage>)> done) {
  gather_.Ask(QuestionOf(query), [page_size = query.page_size,
                                  done = std::move(done)](ClientGather::Answers gathered) mutable {
    ClientPage page = MergeAnswers(std::move(gathered.answers), page_size);
    page.unreachable = std::move(gathered.unreachable);
    done(std::move(page));
  });
}

void Presence::ChangeMetadata(const std::string& client_id, const RecordChange& change,
                              bool allow_missing, ClientDone done) {
  if (allow_missing) return Change(client_id, change, std::move(done));
  Find(client_id, [this, client_id, change,
                   done = std::move(done)](absl::StatusOr<v1::Client> client) mutable {
    if (!client.ok()) return done(client.status());
    if (client->client_id().empty()) {
      return done(ClientNotFound(
          client_id, "is not connected; set allow_missing to store its metadata all the same"));
    }
    Change(client_id, change, std::move(done));
  });
}

void Presence::Change(const std::string& client_id, const RecordChange& change, ClientDone done) {
  backplane_.ChangeRecord(
      client_id, change, [this, client_id, done = std::move(done)](auto changed) mutable {
        if (!changed.ok()) return done(changed.status());
        auto view = [this, client_id, record = changed->record,
                     done = std::move(done)](absl::StatusOr<v1::Delivery>) mutable {
          Find(client_id, [client_id, record = std::move(record),
                           done = std::move(done)](absl::StatusOr<v1::Client> client) mutable {
            // The change is made, whoever does not answer now.
            if (!client.ok()) client = v1::Client();
            client->set_client_id(client_id);
            SetRecord(record.get(), *client);
            done(std::move(client));
          });
        };
        publisher_.Confirm(changed->published, std::move(view));
      });
}

}  // namespace sluice

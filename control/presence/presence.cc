#include "control/presence/presence.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <utility>

#include "control/request/error_reason.h"

namespace sluice {
absl::Status ClientNotFound(const std::string& client_id, absl::string_view why) {
  return WithReason(absl::NotFoundError(absl::StrCat("client `", client_id, "` ", why)),
                    "CLIENT_NOT_FOUND");
}

void SetRecord(const Record* record, v1::Client& client) {
  if (record == nullptr) return;
  *client.mutable_metadata() = record->metadata;
  client.set_metadata_version(record->version);
  if (client.has_connect_time()) return;
  client.clear_groups();
  for (const auto& [group, since] : record->groups) client.add_groups(group);
}

namespace {

internal::v1::Question QuestionOf(const ClientQuery& query) {
  internal::v1::Question asked;
  internal::v1::ClientsQuestion& question = *asked.mutable_clients();
  question.set_after(query.after);
  question.set_page_size(static_cast<std::uint32_t>(query.page_size));
  question.set_prefix(query.prefix);
  question.set_group(query.group);
  question.mutable_metadata_match()->insert(query.metadata_match.begin(),
                                            query.metadata_match.end());
  question.set_full(query.is_full);
  return asked;
}

}  // namespace

Presence::Presence(Backplane& backplane, Gather& gather) : backplane_(backplane), gather_(gather) {}

void Presence::Find(const std::string& client_id, ClientDone done) {
  internal::v1::Question question;
  question.mutable_clients()->set_client_id(client_id);
  question.mutable_clients()->set_full(true);
  gather_.Ask(question, [done = std::move(done)](Gather::Answers gathered) mutable {
    v1::Client client;
    for (const internal::v1::Answer& answer : gathered.answers) {
      for (const v1::Client& part : answer.clients().clients()) MergeClient(part, client);
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
      if (client->client_id().empty() && (record == nullptr || record->is_empty())) {
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
                                  done = std::move(done)](Gather::Answers gathered) mutable {
    std::vector<internal::v1::ClientsAnswer> answers;
    for (internal::v1::Answer& answer : gathered.answers) {
      answers.push_back(std::move(*answer.mutable_clients()));
    }
    ClientPage page = MergeAnswers(std::move(answers), page_size);
    page.unreachable = std::move(gathered.unreachable);
    done(std::move(page));
  });
}

void Presence::ListGroups(const GroupQuery& query,
                          absl::AnyInvocable<void(absl::StatusOr<GroupPage>)> done) {
  internal::v1::Question question;
  question.mutable_groups()->set_after(query.after);
  question.mutable_groups()->set_page_size(static_cast<std::uint32_t>(query.page_size));
  question.mutable_groups()->set_prefix(query.prefix);
  gather_.Ask(question, [page_size = query.page_size,
                         done = std::move(done)](Gather::Answers gathered) mutable {
    std::vector<internal::v1::GroupsAnswer> answers;
    for (internal::v1::Answer& answer : gathered.answers) {
      answers.push_back(std::move(*answer.mutable_groups()));
    }
    GroupPage page = MergeAnswers(std::move(answers), page_size);
    page.unreachable = std::move(gathered.unreachable);
    done(std::move(page));
  });
}

}  // namespace sluice

#include "control/backplane/redis/kept/redis_records.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include <utility>

#include "control/backplane/channel.h"
#include "control/message/envelope.h"
#include "control/request/error_reason.h"

namespace sluice {

absl::StatusOr<std::shared_ptr<const Record>> ReadRecordReply(const redisReply& reply) {
  const auto elements = ElementsOf(reply);
  if (elements.size() != 2) return absl::InternalError("Redis answered HMGET with something else");
  if (elements[0]->type == REDIS_REPLY_NIL) return nullptr;
  auto record = std::make_shared<Record>();
  const std::string_view version = TextOf(*elements[0]);
  const std::string_view metadata = TextOf(*elements[1]);
  if (!absl::SimpleAtoi(absl::string_view(version.data(), version.size()), &record->version) ||
      !record->metadata.ParseFromArray(metadata.data(), static_cast<int>(metadata.size()))) {
    return absl::DataLossError("the client's record in Redis can't be read");
  }
  return record;
}

RedisRecords::RedisRecords(RedisCommands& commands, std::string replica_id,
                           absl::Duration record_ttl)
    : commands_(commands),
      replica_id_(std::move(replica_id)),
      ttl_ms_(std::to_string(absl::ToInt64Milliseconds(record_ttl))) {}

std::string RedisRecords::Key(const RedisCommands& commands, const std::string& client_id) {
  return absl::StrCat(commands.name_prefix(), "record:", client_id);
}

void RedisRecords::Read(const std::string& client_id, ReadDone done) {
  commands_.Send({"HMGET", Key(commands_, client_id), "version", "metadata"},
                 [done = std::move(done)](absl::StatusOr<const redisReply*> reply) mutable {
                   if (!reply.ok()) return done(reply.status());
                   done(ReadRecordReply(**reply));
                 });
}

void RedisRecords::Change(const std::string& client_id, const RecordChange& change,
                          ChangeDone done) {
  auto writing = std::make_unique<Writing>();
  writing->client_id = client_id;
  writing->change = change;
  writing->done = std::move(done);
  Try(std::move(writing));
}

void RedisRecords::Try(std::unique_ptr<Writing> writing) {
  const std::string client_id = writing->client_id;
  Read(client_id, [this, writing = std::move(writing)](
                      absl::StatusOr<std::shared_ptr<const Record>> present) mutable {
    if (!present.ok()) return writing->done(NotSent(std::string(present.status().message())));
    Write(std::move(writing), present->get());
  });
}

void RedisRecords::Write(std::unique_ptr<Writing> writing, const Record* present) {
  auto changed = ApplyChange(present, writing->change);
  if (!changed.ok()) return writing->done(changed.status());
  const auto record = std::make_shared<const Record>(*std::move(changed));
  const std::string channel = commands_.Name(ClientChannel(writing->client_id));
  const std::string payload = EncodeRecordChange(*record, replica_id_);
  const std::string expected = std::to_string(record->version - 1);
  const std::string version = std::to_string(record->version);
  const std::string metadata = record->metadata.SerializeAsString();
  const std::string key = Key(commands_, writing->client_id);
  commands_.Run(
      RedisScript::kChangeRecord, {commands_.members_key(), key},
      {channel, payload, "1", commands_.replica_prefix(), expected, version, metadata, ttl_ms_},
      [this, writing = std::move(writing),
       record](absl::StatusOr<const redisReply*> reply) mutable {
        if (!reply.ok()) return writing->done(reply.status());
        if ((*reply)->type == REDIS_REPLY_NIL) {
          if (++writing->attempts < kAttemptsMax) return Try(std::move(writing));
          return writing->done(
              WithReason(absl::AbortedError("other writers kept changing the record; try again"),
                         "VERSION_MISMATCH"));
        }
        auto published = commands_.ReadPublished(**reply);
        if (!published.ok()) return writing->done(published.status());
        writing->done(Backplane::ChangedRecord{record, *std::move(published)});
      });
}

void RedisRecords::Renew(const std::vector<std::string>& client_ids) {
  for (const std::string& client_id : client_ids) {
    commands_.Send({"PEXPIRE", Key(commands_, client_id), ttl_ms_});
  }
}

}  // namespace sluice

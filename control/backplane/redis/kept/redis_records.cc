#include "control/backplane/redis/kept/redis_records.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include <map>
#include <utility>

#include "control/backplane/channel.h"
#include "control/message/envelope.h"
#include "control/request/error_reason.h"

namespace sluice {

namespace {

constexpr std::size_t kRecordFields = 5;

// Lines `NUMBER NAME`, as change_record.lua writes them.
bool ReadGroups(std::string_view lines, std::map<std::string, EventNumber>& groups) {
  while (!lines.empty()) {
    const std::size_t space = lines.find(' ');
    const std::size_t end = lines.find('\n');
    if (space == std::string_view::npos || end == std::string_view::npos || end < space) {
      return false;
    }
    const auto number = EventNumber::Parse(lines.substr(0, space));
    if (!number.has_value()) return false;
    groups[std::string(lines.substr(space + 1, end - space - 1))] = *number;
    lines.remove_prefix(end + 1);
  }
  return true;
}

// Those that have their number already; the names of the others go to `fresh`.
std::string WriteGroups(const std::map<std::string, EventNumber>& groups,
                        std::vector<std::string>& fresh) {
  std::string lines;
  for (const auto& [group, since] : groups) {
    if (since.sequence == 0) {
      fresh.push_back(group);
    } else {
      absl::StrAppend(&lines, since.ToString(), " ", group, "\n");
    }
  }
  return lines;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Record>> ReadRecordReply(const redisReply& reply) {
  const auto elements = ElementsOf(reply);
  if (elements.size() != kRecordFields) {
    return absl::InternalError("Redis answered HMGET with something else");
  }
  if (elements[0]->type == REDIS_REPLY_NIL) return nullptr;
  auto record = std::make_shared<Record>();
  const auto number = EventNumber::Parse(TextOf(*elements[0]));
  const std::string_view version = TextOf(*elements[1]);
  const std::string_view metadata = TextOf(*elements[2]);
  if (!number.has_value() ||
      !absl::SimpleAtoi(absl::string_view(version.data(), version.size()), &record->version) ||
      !record->metadata.ParseFromArray(metadata.data(), static_cast<int>(metadata.size())) ||
      !ReadGroups(TextOf(*elements[3]), record->groups) ||
      !ReadGroups(TextOf(*elements[4]), record->left)) {
    return absl::DataLossError("the client's record in Redis can't be read");
  }
  record->number = *number;
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
  commands_.Send(
      {"HMGET", Key(commands_, client_id), "number", "version", "metadata", "groups", "left"},
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
  const auto record = std::make_shared<Record>(*std::move(changed));
  const std::string channel = commands_.Name(ClientChannel(writing->client_id));
  const std::string payload = EncodeRecordChange(*record, writing->change.join, replica_id_);
  const std::string expected = present == nullptr ? "" : present->number.ToString();
  const std::string version = std::to_string(record->version);
  const std::string metadata = record->metadata.SerializeAsString();
  std::vector<std::string> fresh;
  const std::string groups = WriteGroups(record->groups, fresh);
  const std::string joined = std::to_string(fresh.size());
  const std::string left = WriteGroups(record->left, fresh);
  const std::string key = Key(commands_, writing->client_id);
  std::vector<std::string_view> arguments = {
      channel, payload, commands_.replica_prefix(), expected, ttl_ms_, version, metadata, groups,
      left,    joined};
  arguments.insert(arguments.end(), fresh.begin(), fresh.end());
  auto on_reply = [this, writing = std::move(writing),
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
    SetNumber(*record, published->number);
    writing->done(Backplane::ChangedRecord{record, *std::move(published)});
  };
  commands_.Run(RedisScript::kChangeRecord, {commands_.members_key(), key}, arguments,
                std::move(on_reply));
}

void RedisRecords::Delete(const std::string& client_id,
                          absl::AnyInvocable<void(Backplane::PublishedOr)> done) {
  const std::string channel = commands_.Name(ClientChannel(client_id));
  const std::string payload = EncodeRecordDeletion(replica_id_);
  commands_.Run(RedisScript::kDeleteRecord, {commands_.members_key(), Key(commands_, client_id)},
                {channel, payload, commands_.replica_prefix()},
                [this, done = std::move(done)](absl::StatusOr<const redisReply*> reply) mutable {
                  if (!reply.ok()) return done(reply.status());
                  done(commands_.ReadPublished(**reply));
                });
}

void RedisRecords::Renew(const std::vector<std::string>& client_ids) {
  for (const std::string& client_id : client_ids) {
    commands_.Send({"PEXPIRE", Key(commands_, client_id), ttl_ms_});
  }
}

}  // namespace sluice

#pragma once

#include <absl/functional/any_invocable.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <memory>
#include <string>
#include <vector>

#include "control/backplane/backplane.h"
#include "control/backplane/redis/redis_commands.h"

namespace sluice {

// The record in a reply of HMGET number version metadata groups left; null: there is none.
absl::StatusOr<std::shared_ptr<const Record>> ReadRecordReply(const redisReply& reply);

// Clients' records in Redis: one hash a client, changed by compare-and-set (`change_record.lua`).
// Owner:  the backplane.
// Thread: the io_context's.
// Limits: a change that other writers keep overtaking is tried kAttemptsMax times.
// Errors: as of Backplane.
class RedisRecords {
 public:
  static constexpr int kAttemptsMax = 64;

  using ReadDone = absl::AnyInvocable<void(absl::StatusOr<std::shared_ptr<const Record>>)>;
  using ChangeDone = absl::AnyInvocable<void(absl::StatusOr<Backplane::ChangedRecord>)>;

  // `replica_id` acknowledges changes (EncodeRecordChange).
  RedisRecords(RedisCommands& commands, std::string replica_id, absl::Duration record_ttl);

  static std::string Key(const RedisCommands& commands, const std::string& client_id);

  void Read(const std::string& client_id, ReadDone done);
  void Change(const std::string& client_id, const RecordChange& change, ChangeDone done);
  void Delete(const std::string& client_id, absl::AnyInvocable<void(Backplane::PublishedOr)> done);
  void Renew(const std::vector<std::string>& client_ids);

 private:
  struct Writing {
    std::string client_id;
    RecordChange change;
    ChangeDone done;
    int attempts = 0;
  };

  void Try(std::unique_ptr<Writing> writing);
  void Write(std::unique_ptr<Writing> writing, const Record* present);

  RedisCommands& commands_;
  const std::string replica_id_;
  const std::string ttl_ms_;
};

}  // namespace sluice

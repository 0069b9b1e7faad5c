#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/functional/any_invocable.h>
#include <absl/status/statusor.h>

#include <string>
#include <string_view>

#include "control/backplane/history/history.h"
#include "control/backplane/redis/redis_commands.h"

namespace sluice {

// What is kept for resume in Redis: one list a channel, added to by `publish.lua` and read by
// `read_history.lua`.
// Owner:  the backplane.
// Thread: the io_context's.
// Errors: as of Backplane.
class RedisHistory {
 public:
  RedisHistory(RedisCommands& commands, HistoryOptions options);

  // What `publish.lua` must be told of a channel.
  struct Limits {
    std::string events_max;  // 0: the message is not kept.
    std::string age_ms_max;
    std::string bytes_max;
  };

  std::string Key(std::string_view channel) const;
  const Limits& LimitsOf(std::string_view channel, bool is_kept) const;

  void Read(HistoryQuery query, absl::AnyInvocable<void(absl::StatusOr<HistoryRead>)> done);

 private:
  absl::StatusOr<HistoryRead> ReadReply(const HistoryQuery& query, const redisReply& reply);

  RedisCommands& commands_;
  const HistoryOptions options_;
  absl::flat_hash_map<const Retention*, Limits> limits_;  // Of every Retention of the options.
  const Limits off_ = {"0", "0", "0"};
};

}  // namespace sluice

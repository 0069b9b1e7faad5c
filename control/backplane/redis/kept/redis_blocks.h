#pragma once

#include <absl/functional/any_invocable.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <string>
#include <vector>

#include "control/backplane/backplane.h"
#include "control/backplane/redis/redis_commands.h"

namespace sluice {

// Who is blocked, in one sorted set by when that ends (`block_client.lua`, `read_blocked.lua`).
// Owner:  the backplane.
// Thread: the io_context's.
// Errors: as of Backplane.
class RedisBlocks {
 public:
  explicit RedisBlocks(RedisCommands& commands);

  void Block(const std::string& client_id, absl::Duration duration, const std::string& payload,
             absl::AnyInvocable<void(Backplane::PublishedOr)> done);
  void Read(absl::AnyInvocable<void(absl::StatusOr<std::vector<Backplane::Blocked>>)> done);

 private:
  RedisCommands& commands_;
  const std::string key_;
};

}  // namespace sluice

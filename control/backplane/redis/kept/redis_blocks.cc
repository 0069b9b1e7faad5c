#include "control/backplane/redis/kept/redis_blocks.h"

#include <utility>

#include "control/backplane/channel.h"
#include "control/request/error_reason.h"

namespace sluice {

RedisBlocks::RedisBlocks(RedisCommands& commands)
    : commands_(commands), key_(commands.Name("blocked")) {}

void RedisBlocks::Block(const std::string& client_id, absl::Duration duration,
                        const std::string& payload,
                        absl::AnyInvocable<void(Backplane::PublishedOr)> done) {
  const std::string channel = commands_.Name(ClientChannel(client_id));
  const std::string duration_ms = std::to_string(absl::ToInt64Milliseconds(duration));
  const std::string blocked_max = std::to_string(Backplane::kBlockedMax);
  commands_.Run(RedisScript::kBlockClient, {commands_.members_key(), key_},
                {channel, payload, commands_.replica_prefix(), client_id, duration_ms, blocked_max},
                [this, done = std::move(done)](absl::StatusOr<const redisReply*> reply) mutable {
                  if (!reply.ok()) return done(reply.status());
                  if ((*reply)->type == REDIS_REPLY_NIL)
                    return done(TooManyBlocked(Backplane::kBlockedMax));
                  done(commands_.ReadPublished(**reply));
                });
}

void RedisBlocks::Read(
    absl::AnyInvocable<void(absl::StatusOr<std::vector<Backplane::Blocked>>)> done) {
  commands_.Run(RedisScript::kReadBlocked, {key_}, {},
                [done = std::move(done)](absl::StatusOr<const redisReply*> reply) mutable {
                  if (!reply.ok()) return done(reply.status());
                  const auto elements = ElementsOf(**reply);
                  std::vector<Backplane::Blocked> blocked;
                  for (std::size_t i = 1; i + 1 < elements.size(); i += 2) {
                    blocked.emplace_back(TextOf(*elements[i]),
                                         absl::Milliseconds(elements[i + 1]->integer));
                  }
                  done(std::move(blocked));
                });
}

}  // namespace sluice

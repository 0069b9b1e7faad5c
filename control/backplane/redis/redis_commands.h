#pragma once

#include <absl/functional/any_invocable.h>
#include <absl/status/statusor.h>
#include <absl/types/span.h>

#include <string>
#include <string_view>

#include "control/backplane/backplane.h"
#include "control/backplane/redis/link/redis_link.h"
#include "control/backplane/redis/redis_names.h"
#include "control/backplane/redis/scripts/redis_scripts.h"
#include "edge/names/event_number.h"

namespace sluice {

// Sends commands and scripts over the command link, under this deployment's names.
// Owner:  the backplane.
// Thread: the io_context's.
// Errors: UNAVAILABLE, reason NOT_SENT: there is no connection, or Redis refused. Reason
//         OUTCOME_UNKNOWN: the connection ended before the reply, or an error came after the
//         message was out.
class RedisCommands {
 public:
  // The reply lives as long as the call of the handler.
  using Handler = absl::AnyInvocable<void(absl::StatusOr<const redisReply*>)>;

  // `is_sharded`: in a Redis Cluster, where all keys and channels carry one hash tag.
  RedisCommands(RedisLink& link, std::string_view prefix, bool is_sharded);

  // What a key of this deployment is called: one without a number behind it.
  static std::string NamePrefix(std::string_view prefix, bool is_sharded);

  // A key or a channel of this deployment and this layout of keys.
  std::string Name(std::string_view name) const { return name_prefix_ + std::string(name); }
  const std::string& name_prefix() const { return name_prefix_; }
  // Of replicas' own channels.
  const std::string& replica_prefix() const { return replica_prefix_; }
  const std::string& members_key() const { return members_key_; }

  void Send(absl::Span<const std::string_view> arguments, Handler handler);
  // The reply, and whether it comes, is of no interest.
  void Send(absl::Span<const std::string_view> arguments);
  // Without a number, and nobody is told whether it went out.
  void SendMessage(std::string_view channel, std::string_view payload);

  // Runs a script with the number as first key and what it needs as first arguments; `keys` and
  // `arguments` are those after them.
  void Run(RedisScript script, absl::Span<const std::string_view> keys,
           absl::Span<const std::string_view> arguments, Handler handler);

  // The number in a reply of a script. Errors: INTERNAL, with which the link is reset.
  absl::StatusOr<EventNumber> ReadNumber(const redisReply& reply);
  // The same with the receivers and deaf replicas behind it.
  absl::StatusOr<Backplane::Published> ReadPublished(const redisReply& reply);

 private:
  void OnReply(const redisReply* reply, Handler handler);

  RedisLink& link_;
  const PubSubWords& words_;
  const std::string name_prefix_;
  const std::string number_key_;
  const std::string members_key_;
  const std::string replica_prefix_;
  std::string next_epoch_;  // A new one for each epoch that begins.
};

}  // namespace sluice

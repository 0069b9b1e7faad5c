#include "control/backplane/redis/redis_commands.h"

#include <absl/container/inlined_vector.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "control/backplane/redis/redis_names.h"
#include "control/request/error_reason.h"
#include "edge/names/random_id.h"

namespace sluice {
namespace {

// Of the keys and channels; another one sees nothing of this one's.
constexpr char kLayoutVersion[] = "1:";
// What `scripts/number.lua` puts before errors that come after the message is out.
constexpr char kPublishedError[] = "PUBLISHED ";
constexpr std::size_t kPublishedElements = 3;

}  // namespace

RedisCommands::RedisCommands(RedisLink& link, std::string_view prefix, bool is_sharded)
    : link_(link),
      words_(is_sharded ? kShardedPubSub : kPubSub),
      name_prefix_(NamePrefix(prefix, is_sharded)),
      number_key_(Name("number")),
      members_key_(Name("members")),
      replica_prefix_(Name(kReplicaPrefix)),
      next_epoch_(RandomId(static_cast<int>(EventNumber().epoch.size()))) {}

std::string RedisCommands::NamePrefix(std::string_view prefix, bool is_sharded) {
  const absl::string_view text(prefix.data(), prefix.size());
  return absl::StrCat(is_sharded ? "{" : "", text, is_sharded ? "}" : "", kLayoutVersion);
}

void RedisCommands::Send(absl::Span<const std::string_view> arguments, Handler handler) {
  if (!link_.is_up()) return handler(NotSent("Redis is away"));
  link_.connection().Send(arguments,
                          [this, handler = std::move(handler)](const redisReply* reply) mutable {
                            OnReply(reply, std::move(handler));
                          });
}

void RedisCommands::Send(absl::Span<const std::string_view> arguments) {
  if (link_.is_up()) link_.connection().Send(arguments, nullptr);
}

void RedisCommands::SendMessage(std::string_view channel, std::string_view payload) {
  Send({words_.publish, channel, std::string(kUnnumbered).append(payload)});
}

void RedisCommands::OnReply(const redisReply* reply, Handler handler) {
  if (reply == nullptr) {
    return handler(OutcomeUnknown("the connection to Redis ended before the answer came"));
  }
  if (reply->type != REDIS_REPLY_ERROR) return handler(reply);
  const absl::string_view text(reply->str, reply->len);
  const std::string why = absl::StrCat("Redis refuses: ", text);
  // One entry sent again behind later ones would change their order, so everything begins anew.
  if (absl::StartsWith(text, "NOSCRIPT")) link_.Reset(why);
  if (absl::StartsWith(text, "MOVED ") || absl::StartsWith(text, "CLUSTERDOWN ") ||
      absl::StartsWith(text, "READONLY ")) {
    link_.OnNotMaster(why);
  }
  if (absl::StartsWith(text, kPublishedError)) return handler(OutcomeUnknown(why));
  handler(NotSent(why));
}

void RedisCommands::Run(RedisScript script, absl::Span<const std::string_view> keys,
                        absl::Span<const std::string_view> arguments, Handler handler) {
  if (!link_.is_up()) return handler(NotSent("Redis is away"));
  const std::string key_count = std::to_string(keys.size() + 1);
  absl::InlinedVector<std::string_view, 20> all = {
      "EVALSHA", link_.script_hashes()[static_cast<std::size_t>(script)], key_count, number_key_};
  all.insert(all.end(), keys.begin(), keys.end());
  all.push_back(link_.run_id());
  all.push_back(next_epoch_);
  all.insert(all.end(), arguments.begin(), arguments.end());
  Send(all, std::move(handler));
}

absl::StatusOr<EventNumber> RedisCommands::ReadNumber(const redisReply& reply) {
  const auto elements = ElementsOf(reply);
  const auto number = elements.empty() ? std::nullopt : EventNumber::Parse(TextOf(*elements[0]));
  if (!number.has_value()) {
    link_.Reset("a script answered without a number");
    return absl::InternalError("a script of Redis answered without a number");
  }
  if (std::equal(next_epoch_.begin(), next_epoch_.end(), number->epoch.begin())) {
    next_epoch_ = RandomId(static_cast<int>(next_epoch_.size()));
  }
  return *number;
}

absl::StatusOr<Backplane::Published> RedisCommands::ReadPublished(const redisReply& reply) {
  const auto number = ReadNumber(reply);
  if (!number.ok()) return number.status();
  const auto elements = ElementsOf(reply);
  if (elements.size() < kPublishedElements) {
    return absl::InternalError("a script of Redis answered without counts");
  }
  Backplane::Published published;
  published.number = *number;
  published.receivers = static_cast<int>(elements[1]->integer);
  published.deaf = static_cast<int>(elements[2]->integer);
  return published;
}

}  // namespace sluice
